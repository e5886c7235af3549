-- gather: one case, and who one person is towards it, in one round trip: all that a plain move asks.
SELECT c.id, c.number, c.matter, c.version, c.title, c.channel, c.unit, c.party_id, c.opened_by, c.place,
       c.lat, c.lon, c.parent_id, c.parent_seq, c.seq, c.state, c.opened_at, c.at, c.closed_at, c.head, c.wake_at,
       (SELECT token FROM registers_edition WHERE registers_edition.id = 1) AS token,
       (SELECT json_agg(json_build_array(p.unit_id, u.path, p.role_id, p.matters) ORDER BY p.id)
          FROM registers_post p
          JOIN registers_unit u ON u.id = p.unit_id
         WHERE p.person_id = person.id AND p.valid_from <= %(day)s
           AND (p.valid_to IS NULL OR p.valid_to > %(day)s)) AS posts,
       person.id IS NOT NULL AND EXISTS (
           SELECT FROM registers_partymember m
            WHERE m.person_id = person.id AND m.party_id = c.party_id AND m.valid_from <= %(day)s
              AND (m.valid_to IS NULL OR m.valid_to > %(day)s)) AS acts
FROM ledger_case c
LEFT JOIN registers_person person ON person.id = %(person)s AND person.is_active
WHERE c.id = %(case)s
