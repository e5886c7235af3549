-- sign_in_try: count one try of a name from an address; how many there were, and when the last one was heard.
-- A try beyond the allowed ones is not heard and does not lengthen the wait.
INSERT INTO work_signintry (key, count, at) VALUES (%(key)s, 1, %(at)s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN work_signintry.at <= %(since)s THEN 1 ELSE work_signintry.count + 1 END,
    at = CASE WHEN work_signintry.at <= %(since)s OR work_signintry.count < %(tries)s THEN %(at)s
              ELSE work_signintry.at END
RETURNING count, at
