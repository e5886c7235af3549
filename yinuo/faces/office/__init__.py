"""What officers use: the inbox, cases and what may be done with them, figures, the ledger."""
