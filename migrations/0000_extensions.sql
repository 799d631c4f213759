-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE EXTENSION IF NOT EXISTS vector;

-- migrate:down
DROP EXTENSION IF EXISTS vector;
