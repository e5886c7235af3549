-- rest: nothing is owed now; look again later, unless the case has moved or was woken since it was read.
UPDATE ledger_case SET wake_at = %(at)s
WHERE id = %(case)s AND seq = %(expecting)s AND wake_at IS NOT DISTINCT FROM %(seen)s AND wake_at IS DISTINCT FROM %(at)s
RETURNING id
