-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE memory_head (
    sequence bigint NOT NULL
);
INSERT INTO memory_head VALUES (0);
COMMENT ON TABLE memory_head IS 'One row: the number of the last write of the memory that is committed.';

CREATE SEQUENCE memory_record_ids;

CREATE TABLE memory_records (
    record_id      bigint NOT NULL DEFAULT nextval('memory_record_ids'),
    article_id     text NOT NULL,
    content_sha256 text NOT NULL,
    part           smallint NOT NULL CHECK (part BETWEEN 0 AND 3),
    published_at   timestamptz NOT NULL,
    known_at       timestamptz NOT NULL,
    sequence       bigint NOT NULL,
    version        text NOT NULL,
    text           text NOT NULL,
    key            bytea NOT NULL CHECK (octet_length(key) = 384 * 2),
    vals           bytea NOT NULL CHECK (octet_length(vals) = 4 * 384 * 2),
    PRIMARY KEY (record_id, known_at)
) PARTITION BY RANGE (known_at);
-- Vectors do not compress; keys are read in bulk and stay in the row, values beside it.
ALTER TABLE memory_records ALTER COLUMN key SET STORAGE PLAIN, ALTER COLUMN vals SET STORAGE EXTERNAL;
CREATE INDEX memory_records_by_sequence ON memory_records (sequence);
CREATE INDEX memory_records_by_article ON memory_records (article_id, content_sha256);
COMMENT ON TABLE memory_records IS 'What the memory keeps of one part of one revision, float16 little-endian; a partition a month (UTC): drop the oldest to forget what is old.';
COMMENT ON COLUMN memory_records.known_at IS 'The clock of the write, for the window and the month; order is that of sequence.';
COMMENT ON COLUMN memory_records.version IS 'Backbone and cutting of the text; versions are never mixed.';

CREATE TABLE memory_links (
    first      bigint NOT NULL,
    second     bigint NOT NULL,
    relation   text NOT NULL CHECK (relation IN ('updates', 'duplicate')),
    since      timestamptz NOT NULL,
    sequence   bigint NOT NULL,
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    written    bigint NOT NULL,
    PRIMARY KEY (first, second, relation, since, sequence),
    CHECK (first < second),
    CHECK (written >= sequence)
);
CREATE INDEX memory_links_by_second ON memory_links (second);
CREATE INDEX memory_links_by_written ON memory_links (written);
COMMENT ON TABLE memory_links IS 'Two records of one slot. Rows that stand in for a forgotten record keep the number under which it joined them; written is the write that made the row.';
COMMENT ON COLUMN memory_links.since IS 'When the last of those it joins, forgotten ones too, was published.';

CREATE TABLE memory_withdrawals (
    record_id bigint NOT NULL,
    at        timestamptz NOT NULL,
    sequence  bigint NOT NULL,
    reason    text NOT NULL CHECK (reason IN ('revised', 'withdrawn')),
    PRIMARY KEY (record_id, at)
);
CREATE INDEX memory_withdrawals_by_sequence ON memory_withdrawals (sequence);
COMMENT ON TABLE memory_withdrawals IS 'Records that do not stand from a time on: taken back by a report, or an older revision.';

CREATE TABLE memory_places (
    record_id    bigint NOT NULL,
    published_at timestamptz NOT NULL,
    known_at     timestamptz NOT NULL,
    written      bigint NOT NULL,
    PRIMARY KEY (record_id, published_at, known_at)
);
CREATE INDEX memory_places_by_written ON memory_places (written);
COMMENT ON TABLE memory_places IS 'The place in time that a copy keeps of the forgotten report it repeats.';

CREATE TABLE memory_candidates (
    article_id       text NOT NULL,
    other_article_id text NOT NULL,
    event_id         text,
    relation         text NOT NULL,
    score            double precision NOT NULL,
    sequence         bigint NOT NULL,
    PRIMARY KEY (article_id, other_article_id, sequence),
    CHECK (article_id <> other_article_id)
);
CREATE INDEX memory_candidates_by_other ON memory_candidates (other_article_id);
COMMENT ON TABLE memory_candidates IS 'What the event pointer thought: scored links between articles, with the event of the other one at that time.';

CREATE TABLE memory_forgotten (
    article_id text NOT NULL,
    sequence   bigint NOT NULL,
    at         timestamptz NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (article_id, sequence)
);
CREATE INDEX memory_forgotten_by_sequence ON memory_forgotten (sequence);
COMMENT ON TABLE memory_forgotten IS 'Tombstones: every process drops the article''s records that were written before.';

-- Attached, not created in place: that would wait for every reader and hold up all behind it.
CREATE FUNCTION memory_month(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    starts timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
    name   text := 'memory_records_' || to_char(starts, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE memory_records INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE memory_records ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       name, starts AT TIME ZONE 'UTC', (starts + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
END $$;
COMMENT ON FUNCTION memory_month IS 'Makes the partition that holds a time, where there is none.';

-- The lock is held to the end of the transaction, so numbers are committed in their order: who has
-- read memory_head sees every row up to that number.
CREATE FUNCTION memory_begin(OUT sequence bigint, OUT known_at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('memory', 0));
    known_at := clock_timestamp();
    PERFORM memory_month(known_at);
    UPDATE memory_head h SET sequence = h.sequence + 1 RETURNING h.sequence INTO memory_begin.sequence;
END $$;
COMMENT ON FUNCTION memory_begin IS 'Starts a write: one writer at a time, the next number, and the month it falls in.';


-- migrate:down
DROP FUNCTION memory_begin;
DROP FUNCTION memory_month;
DROP TABLE memory_forgotten;
DROP TABLE memory_candidates;
DROP TABLE memory_places;
DROP TABLE memory_withdrawals;
DROP TABLE memory_links;
DROP TABLE memory_records;
DROP SEQUENCE memory_record_ids;
DROP TABLE memory_head;
