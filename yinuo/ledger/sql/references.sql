-- references: between the ledger and what it speaks of, held by the database (the Python packages stay strangers).
ALTER TABLE ledger_case ADD CONSTRAINT case_matter_version
    FOREIGN KEY (matter, version) REFERENCES packs_matterversion (matter, version);
ALTER TABLE ledger_case ADD CONSTRAINT case_party_known
    FOREIGN KEY (party_id) REFERENCES registers_party (id);
ALTER TABLE ledger_case ADD CONSTRAINT case_opener_known
    FOREIGN KEY (opened_by) REFERENCES registers_person (id);
ALTER TABLE ledger_case ADD CONSTRAINT case_assignee_known
    FOREIGN KEY (assignee_id) REFERENCES registers_person (id);
ALTER TABLE ledger_case ADD CONSTRAINT case_unit_known
    FOREIGN KEY (unit) REFERENCES registers_unit (id);
