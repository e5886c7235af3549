"""The ledger: the only writer of cases. Heads for speed, entries for proof, seals for everybody else."""
