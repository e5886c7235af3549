"""What programs use: one address for each thing a person can do on a page."""
