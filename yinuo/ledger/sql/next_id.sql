-- next_id: the id of the next case; its number is made from it before the case is written.
SELECT nextval(pg_get_serial_sequence('ledger_case', 'id')) AS id
