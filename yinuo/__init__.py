"""一诺 Yinuo: a city work platform that holds every promise on one ledger."""
