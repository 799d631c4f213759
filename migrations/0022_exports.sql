-- migrate:up
-- Columns are added without a value and given a default for new rows after: no table is rewritten.
-- What is copied once are small tables and the few articles that are copies.
-- squawk-ignore-file require-concurrent-index-creation
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE sightings ADD COLUMN stored_at timestamptz;
ALTER TABLE sightings ALTER COLUMN stored_at SET DEFAULT now();
COMMENT ON COLUMN sightings.stored_at IS 'When it was noted, which may be long after seen_at; null: before this was noted.';

ALTER TABLE front_page_layouts ADD COLUMN stored_at timestamptz;
ALTER TABLE front_page_layouts ALTER COLUMN stored_at SET DEFAULT now();
COMMENT ON COLUMN front_page_layouts.stored_at IS 'When it was stored; null: before this was noted, and made_at is near enough.';

CREATE TABLE publisher_history (
    entry_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    publisher_id text NOT NULL,
    name         text NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX publisher_history_of ON publisher_history (publisher_id, stored_at);
COMMENT ON TABLE publisher_history IS 'What each outlet was called, and since when. Kept by a trigger.';
CREATE FUNCTION keep_publisher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.name <> OLD.name THEN
        INSERT INTO publisher_history (publisher_id, name) VALUES (NEW.publisher_id, NEW.name);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER publishers_keep_history AFTER INSERT OR UPDATE ON publishers
    FOR EACH ROW EXECUTE FUNCTION keep_publisher();

CREATE TABLE copy_history (
    entry_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id       text NOT NULL,
    revision         integer NOT NULL,
    wire_source      text,
    duplicate_of     text,
    duplicate_reason text,
    stored_at        timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (article_id, revision) REFERENCES articles ON DELETE CASCADE
);
CREATE INDEX copy_history_of ON copy_history (article_id, revision, stored_at);
COMMENT ON TABLE copy_history IS 'Whose text each revision was held to be, and since when; none: its own. Kept by a trigger.';
CREATE FUNCTION keep_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO copy_history (article_id, revision, wire_source, duplicate_of, duplicate_reason)
    VALUES (NEW.article_id, NEW.revision, NEW.wire_source, NEW.duplicate_of, NEW.duplicate_reason);
    RETURN NULL;
END $$;
CREATE TRIGGER articles_keep_copies AFTER INSERT ON articles
    FOR EACH ROW WHEN (NEW.wire_source IS NOT NULL OR NEW.duplicate_of IS NOT NULL)
    EXECUTE FUNCTION keep_copy();
CREATE TRIGGER articles_keep_changed_copies AFTER UPDATE OF wire_source, duplicate_of, duplicate_reason ON articles
    FOR EACH ROW WHEN ((OLD.wire_source, OLD.duplicate_of, OLD.duplicate_reason)
                       IS DISTINCT FROM (NEW.wire_source, NEW.duplicate_of, NEW.duplicate_reason))
    EXECUTE FUNCTION keep_copy();

CREATE TABLE source_health_history (
    entry_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    publisher_id         text NOT NULL,
    day                  date NOT NULL,
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz NOT NULL,
    complete             boolean NOT NULL,
    verdict              text NOT NULL,
    reasons              text[] NOT NULL,
    warnings             text[] NOT NULL,
    crawls               integer NOT NULL,
    crawls_cut           integer NOT NULL,
    listings             jsonb NOT NULL,
    pages                integer NOT NULL,
    kept_out             integer NOT NULL,
    articles             integer NOT NULL,
    refused              jsonb NOT NULL,
    failed               jsonb NOT NULL,
    titles               integer NOT NULL,
    dates                integer NOT NULL,
    bylines              integer NOT NULL,
    words_median         double precision,
    front_pages_expected integer NOT NULL,
    front_pages_taken    integer NOT NULL,
    stored_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX source_health_history_of ON source_health_history (publisher_id, day, stored_at);
COMMENT ON TABLE source_health_history IS 'Every judgement of an outlet''s day; source_health has the last. Kept by a trigger.';
CREATE FUNCTION keep_source_health() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO source_health_history (publisher_id, day, starts_at, ends_at, complete, verdict, reasons,
        warnings, crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles,
        dates, bylines, words_median, front_pages_expected, front_pages_taken)
    VALUES (NEW.publisher_id, NEW.day, NEW.starts_at, NEW.ends_at, NEW.judged_at >= NEW.ends_at,
        NEW.verdict, NEW.reasons, NEW.warnings, NEW.crawls, NEW.crawls_cut, NEW.listings, NEW.pages,
        NEW.kept_out, NEW.articles, NEW.refused, NEW.failed, NEW.titles, NEW.dates, NEW.bylines,
        NEW.words_median, NEW.front_pages_expected, NEW.front_pages_taken);
    RETURN NULL;
END $$;
CREATE TRIGGER source_health_keeps_history AFTER INSERT OR UPDATE OF verdict, judged_at ON source_health
    FOR EACH ROW EXECUTE FUNCTION keep_source_health();

CREATE TABLE snapshots (
    snapshot_id text PRIMARY KEY,
    spec        jsonb NOT NULL,
    as_of       timestamptz NOT NULL,
    files       jsonb NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE snapshots IS 'Exports that were made: what decides their bytes, and rows, size and SHA-256 of every file.';
CREATE TRIGGER snapshots_are_kept BEFORE UPDATE OR DELETE ON snapshots
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- From here on whole tables are read once.
SET statement_timeout = '10min';

INSERT INTO publisher_history (publisher_id, name, stored_at)
SELECT publisher_id, name, '-infinity' FROM publishers ORDER BY publisher_id;
INSERT INTO copy_history (article_id, revision, wire_source, duplicate_of, duplicate_reason)
SELECT article_id, revision, wire_source, duplicate_of, duplicate_reason FROM articles
 WHERE wire_source IS NOT NULL OR duplicate_of IS NOT NULL ORDER BY article_id, revision;
INSERT INTO source_health_history (publisher_id, day, starts_at, ends_at, complete, verdict, reasons,
    warnings, crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles,
    dates, bylines, words_median, front_pages_expected, front_pages_taken, stored_at)
SELECT publisher_id, day, starts_at, ends_at, complete, verdict, reasons,
    warnings, crawls, crawls_cut, listings, pages, kept_out, articles, refused, failed, titles,
    dates, bylines, words_median, front_pages_expected, front_pages_taken, judged_at
  FROM source_health ORDER BY day, publisher_id;

-- migrate:down
DROP TABLE snapshots;
DROP TRIGGER source_health_keeps_history ON source_health;
DROP FUNCTION keep_source_health;
DROP TABLE source_health_history;
DROP TRIGGER articles_keep_changed_copies ON articles;
DROP TRIGGER articles_keep_copies ON articles;
DROP FUNCTION keep_copy;
DROP TABLE copy_history;
DROP TRIGGER publishers_keep_history ON publishers;
DROP FUNCTION keep_publisher;
DROP TABLE publisher_history;
ALTER TABLE front_page_layouts DROP COLUMN stored_at;
ALTER TABLE sightings DROP COLUMN stored_at;
