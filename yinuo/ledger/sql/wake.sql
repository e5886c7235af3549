-- wake: have the timer look at an open case no later than this.
UPDATE ledger_case SET wake_at = least(coalesce(wake_at, %(at)s), %(at)s)
WHERE id = %(case)s AND closed_at IS NULL
RETURNING id
