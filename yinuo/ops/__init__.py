"""Running the platform: embedded database, command line, supervision. Imports anything; nothing imports it."""
