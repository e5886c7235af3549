-- edition: the token that the database draws anew with every write to units and places.
SELECT token FROM registers_edition WHERE id = 1
