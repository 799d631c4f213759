-- migrate:up
-- Writers wait while the indexes are built; a nullable column needs no rewrite.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE articles ADD COLUMN stored_at timestamptz;
ALTER TABLE articles ALTER COLUMN stored_at SET DEFAULT now();
COMMENT ON COLUMN articles.stored_at IS 'When the revision was stored, which for an import or a backfill is long after it was fetched; null: before this was noted.';

-- From here on whole tables are read once.
SET statement_timeout = '10min';

CREATE INDEX annotations_by_time ON annotations USING brin (made_at);
CREATE INDEX articles_of_every_time ON articles (sort_at DESC, article_id DESC);
CREATE INDEX stories_by_size ON stories (articles DESC, story_id DESC);

-- migrate:down
DROP INDEX stories_by_size;
DROP INDEX articles_of_every_time;
DROP INDEX annotations_by_time;
ALTER TABLE articles DROP COLUMN stored_at;
