"""Ways in: citizen, office, public, and their shared parts. Faces use `yinuo.work`, never ledger tables."""
