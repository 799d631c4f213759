-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE front_pages (
    snapshot_id  text PRIMARY KEY,
    publisher_id text NOT NULL REFERENCES publishers,
    url          text NOT NULL,
    final_url    text,
    taken_at     timestamptz NOT NULL,
    slot         timestamptz,
    status       text NOT NULL CHECK (status IN ('ok', 'thin', 'refused', 'failed', 'missed')),
    code         text,
    message      text,
    http_status  integer,
    content_type text,
    body_sha256  text,
    body_bytes   bigint,
    warc_file    text,
    warc_offset  bigint,
    CHECK ((status = 'ok') = (code IS NULL)),
    CHECK (status NOT IN ('ok', 'thin') OR body_sha256 IS NOT NULL),
    CHECK ((body_sha256 IS NULL) = (warc_file IS NULL) AND (body_sha256 IS NULL) = (warc_offset IS NULL)),
    CHECK (status <> 'missed' OR slot IS NOT NULL)
);
CREATE INDEX front_pages_of_publisher ON front_pages (publisher_id, taken_at DESC, snapshot_id DESC);
CREATE INDEX front_pages_by_time ON front_pages (taken_at DESC, snapshot_id DESC);
COMMENT ON TABLE front_pages IS 'Every look at a front page, and every look that should have been and was not. Never changed, never deleted.';
COMMENT ON COLUMN front_pages.taken_at IS 'When the page came or failed to come; for a missed one, when it was due.';
COMMENT ON COLUMN front_pages.slot IS 'The scheduled time that this look serves; null for one taken at another time.';
COMMENT ON COLUMN front_pages.status IS 'ok; thin: hardly an article on it; refused: no front page, for a lasting reason; failed: it did not come; missed: nobody looked.';

CREATE TABLE front_page_sheets (
    snapshot_id text NOT NULL REFERENCES front_pages,
    url         text NOT NULL,
    code        text,
    body_sha256 text,
    warc_file   text,
    warc_offset bigint,
    fetched_at  timestamptz NOT NULL,
    PRIMARY KEY (snapshot_id, url),
    CHECK ((code IS NULL) = (body_sha256 IS NOT NULL)),
    CHECK ((body_sha256 IS NULL) = (warc_file IS NULL) AND (body_sha256 IS NULL) = (warc_offset IS NULL))
);
CREATE INDEX front_page_sheets_known ON front_page_sheets (url, fetched_at DESC) WHERE code IS NULL;
COMMENT ON TABLE front_page_sheets IS 'Stylesheets that a snapshot is laid out with, by what its markup asked for; code says why one is missing.';

CREATE TABLE front_page_layouts (
    snapshot_id  text NOT NULL REFERENCES front_pages,
    layout       integer NOT NULL CHECK (layout >= 1),
    made_at      timestamptz NOT NULL,
    version      text NOT NULL,
    method       text NOT NULL CHECK (method IN ('rendered', 'heuristic')),
    why          text,
    engine       text,
    viewport_w   integer NOT NULL,
    viewport_h   integer NOT NULL,
    page_h       double precision,
    sheets       integer NOT NULL,
    sheets_gone  integer NOT NULL,
    links        integer NOT NULL,
    PRIMARY KEY (snapshot_id, layout),
    CHECK ((method = 'rendered') = (engine IS NOT NULL)),
    CHECK ((method = 'rendered') = (page_h IS NOT NULL)),
    CHECK ((method = 'rendered') = (why IS NULL))
);
COMMENT ON TABLE front_page_layouts IS 'One reading of the places on a snapshot; a later one has a higher number and replaces none.';
COMMENT ON COLUMN front_page_layouts.why IS 'Why no browser measured it: no-browser, browser-timeout, …';
COMMENT ON COLUMN front_page_layouts.sheets_gone IS 'Stylesheets that the page asked for and that did not come: the more, the less it looked like this.';
COMMENT ON COLUMN front_page_layouts.links IS 'Articles found, also those past the 500 that are stored.';

CREATE TABLE front_page_links (
    snapshot_id   text NOT NULL,
    layout        integer NOT NULL,
    position      integer NOT NULL CHECK (position >= 1),
    rank          integer CHECK (rank >= 1),
    publisher_id  text NOT NULL,
    taken_at      timestamptz NOT NULL,
    article_id    text NOT NULL,
    url           text NOT NULL,
    canonical_url text NOT NULL,
    headline      text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('story', 'live', 'opinion', 'media', 'most-read', 'sponsored')),
    section       text,
    x             real,
    y             real,
    width         real,
    height        real,
    font_px       real NOT NULL,
    image         boolean NOT NULL,
    image_px2     real,
    above_fold    boolean,
    score         real NOT NULL,
    PRIMARY KEY (snapshot_id, layout, position),
    FOREIGN KEY (snapshot_id, layout) REFERENCES front_page_layouts,
    CHECK ((rank IS NULL) = (kind IN ('most-read', 'sponsored')))
);
CREATE INDEX front_page_links_of_article ON front_page_links (article_id, taken_at);
CREATE INDEX front_page_links_by_time ON front_page_links USING brin (taken_at);
COMMENT ON TABLE front_page_links IS 'Each article on a front page once. Places and sizes in CSS pixels; null where nobody measured.';
COMMENT ON COLUMN front_page_links.rank IS 'Order of prominence from 1; null for what stands there for its clicks or for money.';
COMMENT ON COLUMN front_page_links.headline IS 'As shown at that time, letter case as in the markup.';
COMMENT ON COLUMN front_page_links.taken_at IS 'That of the snapshot: one look-up less, and what the table will be partitioned by.';

CREATE TRIGGER front_pages_are_kept BEFORE UPDATE OR DELETE ON front_pages
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER front_page_sheets_are_kept BEFORE UPDATE OR DELETE ON front_page_sheets
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER front_page_layouts_are_kept BEFORE UPDATE OR DELETE ON front_page_layouts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER front_page_links_are_kept BEFORE UPDATE OR DELETE ON front_page_links
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- migrate:down
DROP TABLE front_page_links;
DROP TABLE front_page_layouts;
DROP TABLE front_page_sheets;
DROP TABLE front_pages;
