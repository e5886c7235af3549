-- gather: what rules, letters and effects may ask beyond the head, in one round trip.
SELECT (SELECT f.body FROM ledger_content f WHERE f.case_id = c.id AND f.kind = 'form'
         ORDER BY f.seq DESC LIMIT 1) AS form,
       (SELECT jsonb_agg(jsonb_build_array(a.material, a.evidence_id)) FROM ledger_attachment a
         WHERE a.case_id = c.id) AS files,
       (SELECT jsonb_agg(jsonb_build_array(k.matter, k.number, k.closed_at IS NOT NULL, k.outcome, k.parent_seq)
                         ORDER BY k.id)
          FROM ledger_case k WHERE k.parent_id = c.id) AS children,
       (SELECT jsonb_agg(jsonb_build_array(e.move, e.by) ORDER BY e.seq) FROM ledger_entry e
         WHERE e.case_id = c.id AND e.kind = 'moved'
           -- What a correction has undone was never done: whoever took their own decision back may decide again.
           AND NOT EXISTS (SELECT FROM ledger_entry k
                            WHERE k.case_id = c.id AND k.kind = 'corrected' AND k.seq > e.seq
                              AND (k.body::jsonb ->> 'undoes')::int <= e.seq)) AS acted
FROM ledger_case c
WHERE c.id = %(case)s
