-- erase: take the personal words out of a case; the digests its entries hold stay.
UPDATE ledger_content SET body = NULL, salt = NULL, erased_at = %(at)s
WHERE case_id = %(case)s AND kind = ANY (%(kinds)s) AND erased_at IS NULL
RETURNING seq
