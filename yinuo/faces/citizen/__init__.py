"""What citizens and enterprises use: find, apply, report, follow, rate."""
