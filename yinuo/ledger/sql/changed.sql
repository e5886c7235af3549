-- changed: every case no seal has seen at its present seq, in a stable order.
SELECT c.id, c.number, c.seq, c.head
FROM ledger_case c
WHERE NOT EXISTS (SELECT FROM ledger_sealleaf l WHERE l.case_id = c.id AND l.seq = c.seq)
ORDER BY c.id
