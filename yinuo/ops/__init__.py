"""Running the platform: embedded database, command line, supervision. Nothing imports it."""
