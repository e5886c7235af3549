-- open: a new case with its first entry, in one statement.
-- A token seen before writes nothing and the answer has no row: a double click opens one case.
WITH head AS (
    INSERT INTO ledger_case (
        id, number, token, matter, version, title, channel, unit, units, party_id, opened_by, place, lat, lon,
        parent_id, parent_seq, seq, step, outcome, holder, assignee_id, light, paused, provisional, kept,
        breached, unlawful, rating, due_at, promised_at, statutory_at, wake_at, opened_at, at, closed_at,
        state, head)
    VALUES (
        %(case)s, %(number)s, %(token)s, %(matter)s, %(version)s, %(title)s, %(channel)s, %(unit)s, %(units)s,
        %(party)s, %(opened_by)s, %(place)s, %(lat)s, %(lon)s, %(parent)s, %(parent_seq)s, 1, %(step)s,
        %(outcome)s, %(holder)s, %(assignee)s, %(light)s, %(paused)s, %(provisional)s, %(kept)s, %(breached)s,
        %(unlawful)s, %(rating)s, %(due_at)s, %(promised_at)s, %(statutory_at)s, %(wake_at)s, %(at)s, %(at)s,
        %(closed_at)s, %(state)s::jsonb, %(digest)s)
    ON CONFLICT (token) DO NOTHING
    RETURNING id
), line AS (
    INSERT INTO ledger_entry (case_id, seq, kind, move, at, by, body, alg, prev, digest)
    SELECT id, 1, %(kind)s, %(move)s, %(at)s, %(by)s, %(body)s, 'sha256', %(prev)s, %(digest)s FROM head
    RETURNING case_id, seq
), text AS (
    INSERT INTO ledger_casetext (case_id, search)
    SELECT case_id, array_to_tsvector(%(grams)s::text[]) FROM line
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
