-- read: the head of one case.
SELECT id, number, matter, version, title, channel, unit, party_id, opened_by, place, lat, lon, parent_id,
       parent_seq, seq, state, opened_at, at, closed_at, head, wake_at
FROM ledger_case
WHERE id = %(case)s
