-- The app sees one workspace, named for the transaction; without a name it sees nothing. Workers serve all of them.
DO $$
DECLARE
    tenant text;
    mine text := 'workspace_id = nullif(current_setting(''everyleg.workspace'', true), '''')::integer';
BEGIN
    FOR tenant IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
        EXECUTE format('CREATE POLICY mine ON %I TO everyleg_app USING (%s) WITH CHECK (%s)', tenant, mine, mine);
        EXECUTE format('CREATE POLICY everyone ON %I TO everyleg_worker USING (true) WITH CHECK (true)', tenant);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO everyleg_app, everyleg_worker', tenant);
    END LOOP;
END $$;

-- Written once: what was received, what changed, and who did what.
REVOKE UPDATE, DELETE ON observations, changes, audit FROM everyleg_app;
REVOKE UPDATE, DELETE ON audit FROM everyleg_worker;
-- What is sealed in the audit log can be sealed anew or erased; who did what, to what and when stays.
GRANT UPDATE (detail, ip) ON audit TO everyleg_worker;
-- A workspace is made and removed by a worker, on nobody's single behalf.
REVOKE INSERT, DELETE ON workspaces FROM everyleg_app;

-- Functions that run as the owner pass row-level security; never for people and their secrets.
ALTER TABLE people FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
-- Secrets are written by the app and read back by workers only.
REVOKE SELECT ON secrets FROM everyleg_app;
GRANT SELECT (workspace_id, name, hint, updated_by, updated_at) ON secrets TO everyleg_app;

GRANT SELECT ON alembic_version TO everyleg_app, everyleg_worker;
-- A backup notes how far ids have been given out.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO everyleg_worker;

-- Sealed values do not compress: trying costs time only.
ALTER TABLE observations ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE inbox ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE states ALTER COLUMN timeline SET STORAGE EXTERNAL;
-- Rows that move on often leave room beside themselves.
ALTER TABLE due SET (fillfactor = 70);
ALTER TABLE states SET (fillfactor = 80);
