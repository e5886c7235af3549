-- towards: who a person is on a day, and whether they may act for a party, in one round trip.
-- The edition's token says whether the units and places kept in memory are still those of the register.
SELECT (SELECT token FROM registers_edition WHERE id = 1) AS token,
       (SELECT json_agg(json_build_array(p.unit_id, u.path, p.role_id, p.matters) ORDER BY p.id)
          FROM registers_post p
          JOIN registers_unit u ON u.id = p.unit_id
         WHERE p.person_id = person.id AND p.valid_from <= %(day)s
           AND (p.valid_to IS NULL OR p.valid_to > %(day)s)) AS posts,
       EXISTS (SELECT FROM registers_partymember m
                WHERE m.person_id = person.id AND m.party_id = %(party)s AND m.valid_from <= %(day)s
                  AND (m.valid_to IS NULL OR m.valid_to > %(day)s)) AS acts
FROM registers_person person
WHERE person.id = %(person)s AND person.is_active
