"""A city as data: files read, checked, played and kept in versions."""
