ALTER TABLE source_tokens FORCE ROW LEVEL SECURITY;
REVOKE SELECT, INSERT, UPDATE ON source_tokens FROM everyleg_app;
-- The app drops a token whose account has other settings now.
GRANT SELECT (workspace_id, account_id) ON source_tokens TO everyleg_app;
