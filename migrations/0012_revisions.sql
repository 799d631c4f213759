-- migrate:up
-- Writers of articles wait while one index is built; the new column is null and needs no rewrite.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE articles ADD COLUMN wire_source text;
COMMENT ON COLUMN articles.wire_source IS 'News agency or other outlet whose text this is, by its credit, its bylines or where it came from.';
COMMENT ON COLUMN articles.duplicate_of IS 'article_id of the original of this text: the agency''s own where it is known, else the one first seen. Never itself a duplicate.';
COMMENT ON COLUMN articles.superseded_at IS 'When another text was first seen at this address; null: what the outlet shows now.';

CREATE TABLE sightings (
    article_id text NOT NULL,
    seen_at    timestamptz NOT NULL,
    finding    text NOT NULL CHECK (finding IN ('shown', 'stale', 'twin', 'gone', 'withheld', 'paywalled', 'moved', 'refused')),
    revision   integer,
    page_id    text REFERENCES pages,
    PRIMARY KEY (article_id, seen_at),
    FOREIGN KEY (article_id, revision) REFERENCES articles ON DELETE CASCADE,
    CHECK ((finding IN ('shown', 'stale')) = (revision IS NOT NULL))
);
CREATE INDEX sightings_page ON sightings (page_id) WHERE page_id IS NOT NULL;
COMMENT ON TABLE sightings IS 'What was found at an article''s address, each time somebody looked.';
COMMENT ON COLUMN sightings.finding IS 'shown: this revision. stale: a cache''s older copy of it. twin: another address of the article with a text of its own.';

CREATE TABLE changes (
    article_id     text NOT NULL,
    seen_at        timestamptz NOT NULL,
    before         integer NOT NULL,
    after          integer NOT NULL,
    not_after      timestamptz NOT NULL,
    kind           text,
    title_changed  boolean NOT NULL,
    words_added    integer,
    words_removed  integer,
    note           text,
    reader_changed boolean NOT NULL,
    PRIMARY KEY (article_id, seen_at),
    FOREIGN KEY (article_id, before) REFERENCES articles (article_id, revision) ON DELETE CASCADE,
    FOREIGN KEY (article_id, after) REFERENCES articles (article_id, revision) ON DELETE CASCADE
);
CREATE INDEX changes_by_time ON changes (seen_at DESC, article_id DESC);
COMMENT ON TABLE changes IS 'Where two sightings of an article in a row show different revisions: what changed, and between when. Derived from sightings.';
COMMENT ON COLUMN changes.not_after IS 'When the revision before was last seen: the change was made between then and seen_at.';
COMMENT ON COLUMN changes.kind IS 'headline, correction, update, removal, silent-edit, reverted or other-address; null: stored before changes were told apart.';
COMMENT ON COLUMN changes.reader_changed IS 'Whether another version of the extractor read the page: some of the difference may be ours.';

CREATE TABLE revisits (
    article_id      text PRIMARY KEY,
    publisher_id    text NOT NULL REFERENCES publishers,
    url             text NOT NULL,
    next_at         timestamptz,
    lease_until     timestamptz,
    starts          integer NOT NULL DEFAULT 0,
    checks          integer NOT NULL DEFAULT 0,
    unchanged       integer NOT NULL DEFAULT 0,
    changed         integer NOT NULL DEFAULT 0,
    failures        integer NOT NULL DEFAULT 0,
    first_seen_at   timestamptz NOT NULL,
    last_checked_at timestamptz,
    last_status     text,
    changed_at      timestamptz,
    gone_at         timestamptz,
    moved_to        text
);
CREATE INDEX revisits_due ON revisits (publisher_id, next_at) WHERE next_at IS NOT NULL;
COMMENT ON TABLE revisits IS 'When each article is looked at again, and what the looks found; next_at null: no more.';
COMMENT ON COLUMN revisits.starts IS 'Leases since the last look that ended: what ended its crawler before comes last.';
COMMENT ON COLUMN revisits.gone_at IS 'Since when the address answers that there is nothing; null again once it is back.';

-- From here on whole tables are read once.
SET statement_timeout = '10min';

-- Every search reads the list of what is not in the index yet, and there is one for each article.
ALTER INDEX articles_bands SET (fastupdate = off);
SELECT gin_clean_pending_list('articles_bands');

CREATE INDEX articles_copies ON articles (duplicate_of) WHERE duplicate_of IS NOT NULL;

INSERT INTO sightings (article_id, seen_at, finding, revision, page_id)
SELECT DISTINCT ON (article_id, fetched_at) article_id, fetched_at, 'shown', revision, page_id
  FROM articles ORDER BY article_id, fetched_at, revision DESC;

INSERT INTO changes (article_id, seen_at, before, after, not_after, title_changed, reader_changed)
SELECT article_id, seen_at, before, after, not_after, title <> title_before, extractor <> extractor_before
  FROM (SELECT s.article_id, s.seen_at, s.revision AS after, a.title, a.extractor,
               lag(s.revision) OVER w AS before, lag(s.seen_at) OVER w AS not_after,
               lag(a.title) OVER w AS title_before, lag(a.extractor) OVER w AS extractor_before
          FROM sightings s JOIN articles a USING (article_id, revision)
        WINDOW w AS (PARTITION BY s.article_id ORDER BY s.seen_at)) pair
 WHERE before IS NOT NULL;

-- migrate:down
DROP TABLE revisits;
DROP TABLE changes;
DROP TABLE sightings;
DROP INDEX articles_copies;
ALTER INDEX articles_bands RESET (fastupdate);
ALTER TABLE articles DROP COLUMN wire_source;
