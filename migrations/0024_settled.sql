-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

-- Whatever began before this has ended, so that nothing older can still come in. The API's reading
-- role does not see when sessions of others began; the owner of the schema does, of its own.
-- Exports write nothing and are not waited for.
CREATE FUNCTION settled_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT least(now(), min(xact_start)) - interval '1 microsecond'
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND backend_type = 'client backend' AND application_name <> 'newsroom-export'
$$;

-- migrate:down
DROP FUNCTION settled_at;
