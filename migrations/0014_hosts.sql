-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE hosts (
    host           text PRIMARY KEY,
    asked_at       timestamptz NOT NULL,
    delay_s        double precision NOT NULL CHECK (delay_s >= 0),
    refusals       integer NOT NULL DEFAULT 0 CHECK (refusals >= 0),
    stopped_until  timestamptz,
    stopped_reason text,
    CHECK ((stopped_until IS NULL) = (stopped_reason IS NULL))
);
COMMENT ON TABLE hosts IS 'Pace and standing of every host, for all crawlers together.';
COMMENT ON COLUMN hosts.asked_at IS 'When the last request that was granted goes out; may lie ahead.';
COMMENT ON COLUMN hosts.delay_s IS 'Seconds between two requests, as the last one asked for.';
COMMENT ON COLUMN hosts.refusals IS 'Answers 401, 403, 429 or 503 in a row, across runs.';
COMMENT ON COLUMN hosts.stopped_until IS 'Nothing is asked before this; stopped_reason says why.';

CREATE TABLE robots (
    site        text PRIMARY KEY,
    asked_at    timestamptz NOT NULL,
    status      integer,
    good_at     timestamptz,
    good_status integer,
    good_body   bytea,
    CHECK ((good_at IS NULL) = (good_status IS NULL) AND (good_at IS NULL) = (good_body IS NULL))
);
COMMENT ON TABLE robots IS 'robots.txt by scheme and host: the last answer, and the last that said what is allowed.';
COMMENT ON COLUMN robots.status IS 'Status of the last answer; null where none came.';
COMMENT ON COLUMN robots.good_body IS 'First 500 KiB of the last good answer; empty for a site without rules.';

CREATE TABLE validators (
    url           text PRIMARY KEY,
    etag          text,
    last_modified text,
    updated_at    timestamptz NOT NULL,
    CHECK (etag IS NOT NULL OR last_modified IS NOT NULL)
);
COMMENT ON TABLE validators IS 'What an address was last called by its server, word for word, to ask whether it changed (RFC 9110 13).';

-- migrate:down
DROP TABLE validators;
DROP TABLE robots;
DROP TABLE hosts;
