"""Who answers, for whom, where, and about what: units, people, parties, places, records.

The lower half of the platform, which changes seldom. Functions take and return rows or plain values; nothing
here knows a case. A day is a day in Asia/Shanghai. A dated row is valid from `valid_from` (that day included;
empty: since before anybody wrote it down) until `valid_to` (that day excluded; empty: still).
"""
