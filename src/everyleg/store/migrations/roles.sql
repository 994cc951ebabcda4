-- Roles nobody logs in with: a login is a member and takes one on for a transaction.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['everyleg_owner', 'everyleg_app', 'everyleg_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'everyleg_owner', 'MEMBER') THEN
        GRANT everyleg_owner TO CURRENT_USER;
    END IF;
END $$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_stat_statements is left out: %', SQLERRM;  -- statistics only; needs a superuser
END $$;

GRANT USAGE, CREATE ON SCHEMA public TO everyleg_owner;
GRANT USAGE ON SCHEMA public TO everyleg_app, everyleg_worker;
