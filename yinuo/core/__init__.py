"""Plain Python: promises, their clock and their moves. No Django, no database, no reading of the time."""
