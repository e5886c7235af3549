-- wake: have the timer look at an open case no later than this.
-- A microsecond earlier than what stood, so that rest() always sees that somebody woke the case meanwhile.
UPDATE ledger_case SET wake_at = least(coalesce(wake_at, %(at)s), %(at)s) - interval '1 microsecond'
WHERE id = %(case)s AND closed_at IS NULL
RETURNING id
