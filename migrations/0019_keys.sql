-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE api_keys (
    key_id     text PRIMARY KEY CHECK (length(key_id) = 8),
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    owner      text NOT NULL CHECK (owner ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    scopes     text[] NOT NULL,
    note       text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE api_keys IS 'Who may do more than read. A key itself is nowhere: key_id are its first characters, sha256 is the digest of all of it.';
COMMENT ON COLUMN api_keys.owner IS 'Public name under which the holder disputes and overrides.';
COMMENT ON COLUMN api_keys.note IS 'For whoever keeps the keys: who holds it, and why. Never served.';

CREATE TABLE key_uses (
    key_id text NOT NULL REFERENCES api_keys,
    hour   timestamptz NOT NULL,
    PRIMARY KEY (key_id, hour)
);
COMMENT ON TABLE key_uses IS 'The hours in which a key was used.';

-- One row of api_keys, for whoever knows the first characters of a key, and no more of the table.
-- Without such a key it is a row of nobody: whoever guesses cannot tell by the time it takes.
CREATE FUNCTION key_of_id(wanted text)
RETURNS TABLE (key_id text, sha256 bytea, owner text, scopes text[], expires_at timestamptz, live boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT wanted, coalesce(k.sha256, decode(repeat('00', 32), 'hex')), coalesce(k.owner, 'nobody'),
           coalesce(k.scopes, '{}'), k.expires_at,
           coalesce(k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()), false)
      FROM (SELECT 1) one LEFT JOIN public.api_keys k ON k.key_id = wanted
$$;
REVOKE EXECUTE ON FUNCTION key_of_id FROM PUBLIC;

CREATE TABLE requests (
    key_id          text NOT NULL REFERENCES api_keys,
    idempotency_key text NOT NULL,
    digest          text NOT NULL,
    location        text NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, idempotency_key)
);
COMMENT ON TABLE requests IS 'Writing requests that named an Idempotency-Key: sent again, they write nothing and lead to the same place.';
COMMENT ON COLUMN requests.digest IS 'Of path and body: the same key with another request is refused.';

CREATE TABLE jobs (
    job_id        text PRIMARY KEY,
    kind          text NOT NULL,
    args          jsonb NOT NULL,
    key_id        text REFERENCES api_keys,
    state         text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'leased', 'done', 'failed')),
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL DEFAULT now(),
    lease_until   timestamptz,
    progress      double precision CHECK (progress BETWEEN 0 AND 1),
    result        jsonb,
    error_code    text,
    error_message text,
    requested_at  timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CHECK ((state = 'done') = (result IS NOT NULL)),
    CHECK (state <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX jobs_due ON jobs (kind, due_at, job_id) WHERE state = 'due';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'leased';
CREATE INDEX jobs_of_key ON jobs (key_id, requested_at DESC);
COMMENT ON TABLE jobs IS 'What was asked for and takes longer than an answer. Leased like work: the broker only rings.';
COMMENT ON COLUMN jobs.key_id IS 'Who asked over the API and may look at it; null: the command line.';

CREATE TABLE disputes (
    dispute_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id      text NOT NULL,
    content_sha256  text NOT NULL,
    run_id          text NOT NULL REFERENCES runs,
    stage           text NOT NULL,
    scope           text NOT NULL CHECK (scope IN ('article', 'headline', 'sentence')),
    sentence        integer CHECK ((scope = 'sentence') = (sentence IS NOT NULL)),
    wrong           text NOT NULL CHECK (wrong IN ('label', 'evidence', 'reason', 'missing', 'other')),
    suggested_label text,
    suggested_score double precision CHECK (suggested_score BETWEEN -5 AND 5),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    key_id          text NOT NULL REFERENCES api_keys,
    by              text NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disputes_of_article ON disputes (article_id);
COMMENT ON TABLE disputes IS 'Labels that somebody holds to be wrong. Rows are only ever added.';
COMMENT ON COLUMN disputes.run_id IS 'Whose label is disputed; content_sha256 is the text it was made on.';

CREATE TABLE dispute_resolutions (
    resolution_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dispute_id    bigint NOT NULL REFERENCES disputes,
    outcome       text NOT NULL CHECK (outcome IN ('upheld', 'declined')),
    note          text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),
    by            text NOT NULL,
    resolved_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dispute_resolutions_of ON dispute_resolutions (dispute_id, resolution_id);
COMMENT ON TABLE dispute_resolutions IS 'What was decided about disputes; the last row of one counts. Rows are only ever added.';

CREATE TABLE overrides (
    override_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    annotation_id bigint NOT NULL UNIQUE REFERENCES annotations,
    article_id    text NOT NULL,
    overridden    text NOT NULL REFERENCES runs,
    dispute_id    bigint REFERENCES disputes,
    key_id        text NOT NULL REFERENCES api_keys,
    by            text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX overrides_of_article ON overrides (article_id);
COMMENT ON TABLE overrides IS 'Labels that people gave: annotations of a run of theirs, and whose label they were set beside. Rows are only ever added.';

CREATE TABLE takedowns (
    article_id    text PRIMARY KEY,
    publisher_id  text NOT NULL REFERENCES publishers,
    canonical_url text NOT NULL,
    reason        text NOT NULL CHECK (reason <> ''),
    taken_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE takedowns IS 'Articles that were taken down: their id and address, when and why. Nothing else of them is kept, and they are not taken in again.';

-- Rows that are never changed let go of what a takedown takes, which says so in its transaction.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('newsroom.takedown', true) = 'on' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed: add another', TG_TABLE_NAME;
END $$;
CREATE TRIGGER disputes_are_kept BEFORE UPDATE OR DELETE ON disputes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dispute_resolutions_are_kept BEFORE UPDATE OR DELETE ON dispute_resolutions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER overrides_are_kept BEFORE UPDATE OR DELETE ON overrides
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE FUNCTION lineage_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('newsroom.takedown', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'lineage is append-only: undo an entry by a new one' USING ERRCODE = 'restrict_violation';
END $$;

-- migrate:down
CREATE OR REPLACE FUNCTION lineage_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lineage is append-only: undo an entry by a new one' USING ERRCODE = 'restrict_violation';
END $$;
DROP TABLE takedowns;
DROP TABLE overrides;
DROP TABLE dispute_resolutions;
DROP TABLE disputes;
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed: add another', TG_TABLE_NAME;
END $$;
DROP TABLE jobs;
DROP TABLE requests;
DROP FUNCTION key_of_id;
DROP TABLE key_uses;
DROP TABLE api_keys;
