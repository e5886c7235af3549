"""Use cases: gather, decide, append, tell. The only door for faces and domains."""
