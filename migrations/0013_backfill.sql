-- migrate:up
-- Writers wait while the indexes are built, readers only while they are dropped.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE backfills (
    backfill_id  text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('ccnews', 'feed', 'sitemap')),
    source       text NOT NULL,
    scope        text NOT NULL,
    state        text NOT NULL CHECK (state IN ('due', 'running', 'done', 'failed')),
    holder       text,
    lease_until  timestamptz,
    size_bytes   bigint,
    offset_bytes bigint NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0),
    records      bigint NOT NULL DEFAULT 0 CHECK (records >= 0),
    counts       jsonb NOT NULL DEFAULT '{}',
    error_code   text,
    error_message text,
    started_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CHECK ((state = 'running') = (holder IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);
COMMENT ON TABLE backfills IS 'Sources of the past and how far each was read. backfill_id is the digest of kind, source and scope.';
COMMENT ON COLUMN backfills.source IS 'Name or address of an archive file; an outlet for its sitemaps or feeds.';
COMMENT ON COLUMN backfills.scope IS 'What was wanted of it: every outlet or a digest of the known ones; first and last day.';
COMMENT ON COLUMN backfills.offset_bytes IS 'Where the first record begins whose page is not stored; committed with the pages before it.';
COMMENT ON COLUMN backfills.counts IS 'Records by outcome.';

CREATE TABLE backfill_listings (
    backfill_id text NOT NULL REFERENCES backfills ON DELETE CASCADE,
    url         text NOT NULL,
    articles    integer NOT NULL CHECK (articles >= 0),
    done_at     timestamptz NOT NULL,
    PRIMARY KEY (backfill_id, url)
);
COMMENT ON TABLE backfill_listings IS 'Sitemaps and feed pages all of whose articles were asked for: not read again.';

SET statement_timeout = '10min';

CREATE INDEX pages_archive ON pages (warc_file, warc_offset, page_id) WHERE warc_file IS NOT NULL;
CREATE INDEX articles_page ON articles (page_id) WHERE page_id IS NOT NULL;
CREATE INDEX refusals_page ON refusals (page_id) WHERE page_id IS NOT NULL;

-- migrate:down
DROP INDEX refusals_page;
DROP INDEX articles_page;
DROP INDEX pages_archive;
DROP TABLE backfill_listings;
DROP TABLE backfills;
