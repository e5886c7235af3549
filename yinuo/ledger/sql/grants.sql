-- grants: what the run-time role may do. It owns nothing; it may not change or remove a line of the ledger.
DO $$
BEGIN
    -- A server may have made the role already (the embedded one has); then who may become it was decided there.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yinuo_run') THEN
        CREATE ROLE yinuo_run NOLOGIN;
        EXECUTE format('GRANT yinuo_run TO %I', current_user);
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO yinuo_run;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO yinuo_run;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO yinuo_run;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO yinuo_run;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO yinuo_run;

REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entry, ledger_seal, ledger_sealleaf, ledger_evidence, ledger_attachment
    FROM yinuo_run;
REVOKE DELETE, TRUNCATE ON ledger_case, ledger_content, ledger_notice, ledger_planned FROM yinuo_run;
REVOKE UPDATE ON ledger_content FROM yinuo_run;
GRANT UPDATE (salt, body, erased_at) ON ledger_content TO yinuo_run;
REVOKE ALL ON django_migrations FROM yinuo_run;
GRANT SELECT ON django_migrations TO yinuo_run;
