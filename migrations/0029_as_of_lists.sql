-- migrate:up
-- Writers wait while the index is built.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '10min';

-- A list as of a time passes over what was stored since without a look at the rows.
CREATE INDEX articles_by_storing ON articles (sort_at DESC, article_id DESC, (coalesce(stored_at, fetched_at)));
DROP INDEX articles_of_every_time;

-- migrate:down
CREATE INDEX articles_of_every_time ON articles (sort_at DESC, article_id DESC);
DROP INDEX articles_by_storing;
