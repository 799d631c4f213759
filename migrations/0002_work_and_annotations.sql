-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE work (
    article_id    text NOT NULL,
    stage         text NOT NULL,
    content_sha256 text NOT NULL,
    state         text NOT NULL CHECK (state IN ('due', 'leased', 'done', 'quarantined')),
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    lease_until   timestamptz,
    error_code    text,
    error_message text,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (article_id, stage),
    CHECK ((state = 'leased') = (lease_until IS NOT NULL))
);
CREATE INDEX work_due ON work (stage, attempts, due_at, article_id) WHERE state = 'due';
CREATE INDEX work_leased ON work (lease_until) WHERE state = 'leased';
CREATE INDEX work_quarantined ON work (stage, error_code) WHERE state = 'quarantined';
COMMENT ON TABLE work IS 'What is due, taken, done or quarantined. The broker only rings; this is the truth.';

CREATE TABLE codebooks (
    version text NOT NULL,
    digest  text NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (version, digest)
);
COMMENT ON TABLE codebooks IS 'Every codebook that ever made a label, whole.';

CREATE TABLE runs (
    run_id            text PRIMARY KEY,
    labeller          text NOT NULL,
    labeller_revision text NOT NULL,
    codebook_version  text NOT NULL,
    codebook_digest   text NOT NULL,
    prompt_digest     text,
    code_version      text NOT NULL,
    started_at        timestamptz NOT NULL,
    FOREIGN KEY (codebook_version, codebook_digest) REFERENCES codebooks
);
COMMENT ON TABLE runs IS 'One labelling configuration; run_id is its digest.';

CREATE TABLE annotations (
    annotation_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id        text NOT NULL,
    content_sha256    text NOT NULL,
    stage             text NOT NULL,
    scope             text NOT NULL CHECK (scope IN ('article', 'headline', 'sentence')),
    sentence          integer CHECK ((scope = 'sentence') = (sentence IS NOT NULL)),
    label             text,
    score             double precision CHECK (score BETWEEN -5 AND 5),
    confidence        double precision CHECK (confidence BETWEEN 0 AND 1),
    distribution      jsonb,
    scale             text,
    validated         boolean NOT NULL,
    reason            text,
    evidence          integer[] NOT NULL,
    labeller          text NOT NULL,
    labeller_revision text NOT NULL,
    codebook_version  text NOT NULL,
    prompt_digest     text,
    run_id            text NOT NULL REFERENCES runs,
    made_at           timestamptz NOT NULL,
    superseded_at     timestamptz,
    CHECK (label IS NOT NULL OR score IS NOT NULL),
    UNIQUE NULLS NOT DISTINCT (article_id, content_sha256, stage, scope, sentence, run_id)
);
CREATE INDEX annotations_current ON annotations (article_id, labeller, stage, scope)
    WHERE superseded_at IS NULL AND scope <> 'sentence';
CREATE INDEX annotations_by_label ON annotations (labeller, stage, label, article_id)
    WHERE superseded_at IS NULL AND scope = 'article';
COMMENT ON TABLE annotations IS 'Annotation: rows are added, never overwritten; superseded_at marks those replaced.';

CREATE TABLE embeddings (
    text_key    text NOT NULL,
    encoder     text NOT NULL,
    vector      vector(384) NOT NULL,
    PRIMARY KEY (text_key, encoder)
);
COMMENT ON TABLE embeddings IS 'Article vectors by digest of title and text, one row an encoder version.';

-- migrate:down
DROP TABLE embeddings;
DROP TABLE annotations;
DROP TABLE runs;
DROP TABLE codebooks;
DROP TABLE work;
