-- tables: what the database itself refuses, whoever asks.

-- Entries, seals and their leaves are written once. The trigger stops the owner too; the grants below stop the
-- run-time role before a trigger is even asked.
CREATE FUNCTION ledger_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: the ledger is append-only; mend a mistake with a correcting entry', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER entry_written_once BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER entry_not_truncated BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER seal_written_once BEFORE UPDATE OR DELETE ON ledger_seal
    FOR EACH ROW EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER seal_not_truncated BEFORE TRUNCATE ON ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER leaf_written_once BEFORE UPDATE OR DELETE ON ledger_sealleaf
    FOR EACH ROW EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER leaf_not_truncated BEFORE TRUNCATE ON ledger_sealleaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER case_not_deleted BEFORE DELETE ON ledger_case
    FOR EACH ROW EXECUTE FUNCTION ledger_written_once();
CREATE TRIGGER case_not_truncated BEFORE TRUNCATE ON ledger_case
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_written_once();

-- At any instant an open case has exactly one holder, and a closed one has none.
ALTER TABLE ledger_case ADD CONSTRAINT case_one_holder
    CHECK ((closed_at IS NULL AND holder ~ '^(unit|party):.') OR (closed_at IS NOT NULL AND holder = ''));
ALTER TABLE ledger_case ADD CONSTRAINT case_light_known
    CHECK (light IN ('', 'green', 'yellow', 'red', 'grey') AND (light = '') = (closed_at IS NOT NULL));
ALTER TABLE ledger_case ADD CONSTRAINT case_rated_when_closed
    CHECK (rating IS NULL OR (rating BETWEEN 1 AND 5 AND closed_at IS NOT NULL));
ALTER TABLE ledger_entry ADD CONSTRAINT entry_kind_known
    CHECK (kind IN ('opened', 'moved', 'alerted', 'assigned', 'noted', 'rated', 'corrected', 'erased', 'redated'));
ALTER TABLE ledger_entry ADD CONSTRAINT entry_digest_whole CHECK (length(digest) = 32 AND length(prev) = 32);
-- Content is there or erased, nothing in between.
ALTER TABLE ledger_content ADD CONSTRAINT content_whole_or_erased
    CHECK ((erased_at IS NULL) = (body IS NOT NULL) AND (erased_at IS NULL) = (salt IS NOT NULL));
