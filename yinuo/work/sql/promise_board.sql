-- promise_board: each unit's promises made in a span of time, by how they stand.
-- Children are left out (the parent is the promise to the citizen), and so is what the applicant withdrew.
SELECT unit,
       count(*) FILTER (WHERE kept) AS kept,
       count(*) FILTER (WHERE NOT kept) AS broken,
       count(*) FILTER (WHERE kept IS NULL AND closed_at IS NULL AND NOT paused
                          AND NOT jsonb_exists(state -> 'breached', 'promised')) AS open,
       count(*) FILTER (WHERE kept IS NULL AND closed_at IS NULL AND NOT paused
                          AND jsonb_exists(state -> 'breached', 'promised')) AS late,
       count(*) FILTER (WHERE kept IS NULL AND closed_at IS NULL AND paused) AS paused
FROM ledger_case
WHERE parent_id IS NULL AND outcome <> 'withdrawn' AND opened_at >= %(since)s AND opened_at < %(until)s
GROUP BY unit
HAVING count(*) FILTER (WHERE kept IS NOT NULL OR closed_at IS NULL) > 0
ORDER BY count(*) DESC, unit
