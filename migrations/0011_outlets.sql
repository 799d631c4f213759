-- migrate:up
-- Writers wait while the two indexes on older tables are built.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE outlet_descriptions (
    publisher_id   text PRIMARY KEY REFERENCES publishers,
    medium         text NOT NULL,
    front_page     text NOT NULL,
    feeds          text[] NOT NULL,
    sitemaps       text[] NOT NULL,
    delay_s        double precision NOT NULL,
    verified_on    date,
    floors         jsonb NOT NULL,
    reference_lean jsonb
);
COMMENT ON TABLE outlet_descriptions IS 'What else an outlet''s file says, for readers. Nothing here is ever read to make a label.';
COMMENT ON COLUMN outlet_descriptions.reference_lean IS 'Dated ratings that others gave the outlet, with counts and source; null where none are known.';

CREATE TABLE outlet_crawls (
    publisher_id text NOT NULL REFERENCES publishers,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    doors        text[] NOT NULL,
    pages        integer NOT NULL DEFAULT 0,
    kept_out     integer NOT NULL DEFAULT 0,
    listings     jsonb NOT NULL DEFAULT '{}',
    stored       jsonb NOT NULL DEFAULT '{}',
    refused      jsonb NOT NULL DEFAULT '{}',
    failed       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (publisher_id, started_at),
    CHECK (ended_at >= started_at)
);
COMMENT ON TABLE outlet_crawls IS 'Every look at an outlet. A row without ended_at is a crawl that still runs or was cut.';
COMMENT ON COLUMN outlet_crawls.listings IS 'Front pages, feeds and sitemaps asked, by outcome: answered, empty, unchanged, or why not.';
COMMENT ON COLUMN outlet_crawls.kept_out IS 'Pages that the outlet kept us from: by robots.txt, or by stopping us.';

CREATE TABLE source_health (
    publisher_id         text NOT NULL REFERENCES publishers,
    day                  date NOT NULL,
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz NOT NULL,
    judged_at            timestamptz NOT NULL,
    complete             boolean NOT NULL GENERATED ALWAYS AS (judged_at >= ends_at) STORED,
    verdict              text NOT NULL
        CHECK (verdict IN ('ok', 'quiet', 'kept-out', 'broken', 'not-crawled')),
    reasons              text[] NOT NULL,
    warnings             text[] NOT NULL,
    last_look_at         timestamptz,
    next_look_at         timestamptz,
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
    PRIMARY KEY (publisher_id, day),
    CHECK (starts_at < ends_at),
    CHECK (titles <= articles AND dates <= articles AND bylines <= articles),
    CHECK ((words_median IS NULL) = (articles = 0))
);
CREATE INDEX source_health_by_day ON source_health (day DESC, publisher_id);
COMMENT ON TABLE source_health IS 'What an outlet''s day was to us, in its own time zone. A day without a row was not crawled.';
COMMENT ON COLUMN source_health.complete IS 'Whether the day was over when it was judged; until then few articles mean nothing.';
COMMENT ON COLUMN source_health.verdict IS 'ok; quiet: really few articles; kept-out: refused to us; broken: what came falls short of the outlet''s floors; not-crawled: we did not look.';
COMMENT ON COLUMN source_health.next_look_at IS 'The first look after the day: it sees what was published behind the last one of the day.';
COMMENT ON COLUMN source_health.articles IS 'First revisions that a crawl brought on this day; titles, dates and bylines say how many of them have one.';

CREATE INDEX articles_by_coming ON articles (publisher_id, fetched_at) WHERE revision = 1;
CREATE INDEX pages_denied ON pages (publisher_id, fetched_at) WHERE status IN (401, 403, 451);

-- migrate:down
DROP INDEX pages_denied;
DROP INDEX articles_by_coming;
DROP TABLE source_health;
DROP TABLE outlet_crawls;
DROP TABLE outlet_descriptions;
