-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE longdoc_runs (
    run_id          text PRIMARY KEY,
    article_id      text NOT NULL,
    content_sha256  text NOT NULL,
    text_sha256     text NOT NULL,
    strategy        text NOT NULL,
    version         text NOT NULL,
    model           text NOT NULL,
    chunk_sentences integer NOT NULL CHECK (chunk_sentences > 0),
    branching       integer NOT NULL CHECK (branching > 1),
    votes           integer NOT NULL CHECK (votes > 0),
    budget_tokens   integer NOT NULL CHECK (budget_tokens > 0),
    sentences       integer NOT NULL CHECK (sentences > 0),
    status          text NOT NULL CHECK (status IN ('reading', 'done', 'partial', 'failed')),
    coverage        double precision CHECK (coverage BETWEEN 0 AND 1),
    result          jsonb,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    FOREIGN KEY (article_id, content_sha256) REFERENCES articles (article_id, content_sha256) ON DELETE CASCADE,
    CHECK ((status = 'reading') = (finished_at IS NULL)),
    CHECK ((status IN ('done', 'partial')) = (result IS NOT NULL))
);
CREATE INDEX longdoc_runs_by_article ON longdoc_runs (article_id, started_at DESC);
CREATE INDEX longdoc_runs_reading ON longdoc_runs (started_at) WHERE status = 'reading';
COMMENT ON TABLE longdoc_runs IS 'One reading of a long document; run_id is the digest of text, strategy, version and settings.';

CREATE TABLE longdoc_chunks (
    run_id        text NOT NULL REFERENCES longdoc_runs ON DELETE CASCADE,
    chunk         integer NOT NULL,
    sentence      integer NOT NULL,
    starts        integer[] NOT NULL,
    ends          integer[] NOT NULL,
    paragraphs    boolean[] NOT NULL,
    state         text NOT NULL CHECK (state IN ('due', 'leased', 'done', 'quarantined')),
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    lease_until   timestamptz,
    message       text,
    reading       jsonb,
    error_code    text,
    error_message text,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (run_id, chunk),
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CHECK ((state = 'done') = (message IS NOT NULL AND reading IS NOT NULL))
);
CREATE INDEX longdoc_chunks_due ON longdoc_chunks (attempts, due_at, run_id, chunk) WHERE state = 'due';
CREATE INDEX longdoc_chunks_leased ON longdoc_chunks (lease_until) WHERE state = 'leased';
COMMENT ON TABLE longdoc_chunks IS 'Work rows: which stretch of a document is due, taken, read or given up. starts and ends are character offsets of its sentences.';

CREATE TABLE agent_calls (
    run_id            text NOT NULL REFERENCES longdoc_runs ON DELETE CASCADE,
    number            integer NOT NULL,
    round             integer NOT NULL,
    agent             integer NOT NULL,
    parent            integer,
    prompt_tokens     integer NOT NULL,
    completion_tokens integer NOT NULL,
    ms                integer NOT NULL,
    ok                boolean NOT NULL,
    PRIMARY KEY (run_id, number)
);
COMMENT ON TABLE agent_calls IS 'Every call of a reader in a run, failures included; the embedded reader reads sentences, not tokens, and counts words.';

CREATE TABLE agent_messages (
    run_id         text NOT NULL REFERENCES longdoc_runs ON DELETE CASCADE,
    number         integer NOT NULL,
    round          integer NOT NULL,
    src            integer NOT NULL,
    dst            integer[] NOT NULL,
    kind           text NOT NULL,
    payload_tokens integer NOT NULL,
    payload_bits   integer NOT NULL,
    sha            text NOT NULL,
    flag           text CHECK (flag IN ('truncated', 'rejected', 'late')),
    PRIMARY KEY (run_id, number)
);
COMMENT ON TABLE agent_messages IS 'Every message between agents of a run as the bus counted it; a flag says that it was cut or not delivered.';

-- migrate:down
DROP TABLE agent_messages;
DROP TABLE agent_calls;
DROP TABLE longdoc_chunks;
DROP TABLE longdoc_runs;
