-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE publishers (
    publisher_id text PRIMARY KEY,
    name         text NOT NULL,
    domain       text NOT NULL UNIQUE,
    country      text,
    language     text,
    timezone     text,
    demo         boolean NOT NULL,
    verified     boolean NOT NULL
);
COMMENT ON TABLE publishers IS 'Outlets as their TOML files describe them, or as an import named them.';

CREATE TABLE pages (
    page_id       text PRIMARY KEY,
    url           text NOT NULL,
    final_url     text NOT NULL,
    canonical_url text NOT NULL,
    publisher_id  text NOT NULL REFERENCES publishers,
    fetched_at    timestamptz NOT NULL,
    status        integer NOT NULL,
    content_type  text,
    body_sha256   text NOT NULL,
    body_bytes    bigint NOT NULL,
    via           text NOT NULL,
    warc_file     text,
    warc_offset   bigint,
    robots_rule   text
);
CREATE INDEX pages_canonical_url ON pages (canonical_url);
COMMENT ON TABLE pages IS 'RawPage: one row for each distinct body seen under a canonical URL.';

CREATE TABLE articles (
    article_id          text NOT NULL,
    revision            integer NOT NULL CHECK (revision >= 1),
    publisher_id        text NOT NULL REFERENCES publishers,
    url                 text NOT NULL,
    canonical_url       text NOT NULL,
    title               text NOT NULL,
    text                text NOT NULL,
    text_sha256         text NOT NULL,
    content_sha256      text NOT NULL,
    language            text NOT NULL,
    words               integer NOT NULL,
    bylines             text[] NOT NULL,
    published_at        timestamptz,
    modified_at         timestamptz,
    date_source         text NOT NULL,
    section             text,
    page_id             text REFERENCES pages,
    via                 text NOT NULL,
    extractor           text NOT NULL,
    fetched_at          timestamptz NOT NULL,
    sort_at             timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(published_at, fetched_at)) STORED,
    minhash             bytea,
    bands               bigint[] NOT NULL,
    duplicate_of        text,
    duplicate_reason    text,
    superseded_at       timestamptz,
    PRIMARY KEY (article_id, revision),
    UNIQUE (article_id, content_sha256),
    CHECK ((duplicate_of IS NULL) = (duplicate_reason IS NULL))
);
CREATE UNIQUE INDEX articles_current ON articles (article_id) WHERE superseded_at IS NULL;
CREATE INDEX articles_by_time ON articles (sort_at DESC, article_id DESC) WHERE superseded_at IS NULL;
CREATE INDEX articles_by_publisher ON articles (publisher_id, sort_at DESC, article_id DESC)
    WHERE superseded_at IS NULL;
CREATE INDEX articles_by_text ON articles (text_sha256);
CREATE INDEX articles_bands ON articles USING gin (bands);
CREATE INDEX articles_words ON articles USING gin (to_tsvector('english', title)) WHERE superseded_at IS NULL;
COMMENT ON TABLE articles IS 'Article: one row a revision; the current one has superseded_at null.';
COMMENT ON COLUMN articles.sort_at IS 'published_at, or fetched_at where the date is absent or refused: the time lists are ordered by.';
COMMENT ON COLUMN articles.duplicate_of IS 'article_id first seen with this text (same-text) or nearly this text (near-copy).';

CREATE TABLE refusals (
    refusal_id   text PRIMARY KEY,
    publisher_id text REFERENCES publishers,
    url          text,
    source       text NOT NULL,
    code         text NOT NULL,
    message      text NOT NULL,
    page_id      text REFERENCES pages,
    seen_at      timestamptz NOT NULL
);
CREATE INDEX refusals_by_time ON refusals (seen_at DESC, refusal_id DESC);
COMMENT ON TABLE refusals IS 'Quarantine at the door: a page or a line that is no article, and why.';

-- migrate:down
DROP TABLE refusals;
DROP TABLE articles;
DROP TABLE pages;
DROP TABLE publishers;
