-- unsealed: entries whose digest is not the one a seal holds for them, of one case or (NULL) of all.
SELECT c.number, l.seq, l.seal_id AS seal, e.digest IS NOT NULL AS there
FROM ledger_sealleaf l
JOIN ledger_case c ON c.id = l.case_id
LEFT JOIN ledger_entry e ON e.case_id = l.case_id AND e.seq = l.seq
WHERE e.digest IS DISTINCT FROM l.digest AND (%(case)s::bigint IS NULL OR l.case_id = %(case)s)
ORDER BY l.case_id, l.seq
