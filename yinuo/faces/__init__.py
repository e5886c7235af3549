"""Ways in: citizen, office, public and the parts they share. Faces use `yinuo.work`, never the ledger tables."""
