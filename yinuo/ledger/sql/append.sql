-- append: move one case by one entry, in one statement.
-- The head moves only if nobody moved it first (seq is as expected); without a head row nothing else is written,
-- and the answer has no row. Everything an entry owes (contents, files, notices) commits with it or not at all.
WITH head AS (
    UPDATE ledger_case SET
        seq = seq + 1, step = %(step)s, outcome = %(outcome)s, holder = %(holder)s, assignee_id = %(assignee)s,
        light = %(light)s, paused = %(paused)s, provisional = %(provisional)s, kept = %(kept)s,
        breached = %(breached)s, unlawful = %(unlawful)s, rating = %(rating)s,
        due_at = %(due_at)s, promised_at = %(promised_at)s, statutory_at = %(statutory_at)s,
        wake_at = %(wake_at)s, at = %(at)s, closed_at = %(closed_at)s,
        units = CASE WHEN %(unit_now)s = '' OR %(unit_now)s = ANY (units) THEN units
                     ELSE units || %(unit_now)s::text END,
        state = %(state)s::jsonb, head = %(digest)s
    WHERE id = %(case)s AND seq = %(expecting)s
    RETURNING id, seq
), line AS (
    INSERT INTO ledger_entry (case_id, seq, kind, move, at, by, body, alg, prev, digest)
    SELECT id, seq, %(kind)s, %(move)s, %(at)s, %(by)s, %(body)s, 'sha256', %(prev)s, %(digest)s FROM head
    RETURNING case_id, seq
), words AS (
    INSERT INTO ledger_content (case_id, seq, kind, salt, body, digest)
    SELECT line.case_id, line.seq, c.kind, decode(c.salt, 'hex'), c.body, decode(c.digest, 'hex')
    FROM line, jsonb_to_recordset(%(contents)s::jsonb) AS c (kind text, salt text, body jsonb, digest text)
), files AS (
    INSERT INTO ledger_attachment (case_id, seq, material, name, evidence_id)
    SELECT line.case_id, line.seq, f.material, f.name, f.digest
    FROM line, jsonb_to_recordset(%(files)s::jsonb) AS f (material text, name text, digest text)
), told AS (
    INSERT INTO ledger_notice ("case_id", seq, "to", kind, title, made_at, next_at, attempts, error, receipt)
    SELECT line.case_id, line.seq, n."to", n.kind, n.title, %(at)s, %(at)s, 0, '', '{}'::jsonb
    FROM line, jsonb_to_recordset(%(notices)s::jsonb) AS n ("to" text, kind text, title jsonb)
)
SELECT seq FROM line
