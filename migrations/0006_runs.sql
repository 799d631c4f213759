-- migrate:up
-- Writers wait while the indexes are built, readers only while the old ones are dropped, at the end.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE runs ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
COMMENT ON TABLE runs IS 'One labelling configuration; run_id is its digest. Never changed.';
COMMENT ON COLUMN runs.settings IS 'What else decides a label: the model as served, sampling, limits.';

CREATE TABLE promotions (
    promotion_id integer PRIMARY KEY CHECK (promotion_id >= 1),
    run_id       text NOT NULL REFERENCES runs,
    promoted_at  timestamptz NOT NULL,
    reason       text NOT NULL CHECK (reason <> '')
);
COMMENT ON TABLE promotions IS 'Whose labels readers see: the run of the last row. Number 1 is the first run that ever started.';

CREATE TABLE run_outcomes (
    run_id         text NOT NULL REFERENCES runs,
    article_id     text NOT NULL,
    content_sha256 text NOT NULL,
    code           text,
    message        text,
    at             timestamptz NOT NULL,
    PRIMARY KEY (run_id, article_id, content_sha256),
    CHECK (code IS NOT NULL OR message IS NULL)
);
COMMENT ON TABLE run_outcomes IS 'What became of a text in a run: labelled (code null), or refused under a code. Absent: not tried, or not finished.';

CREATE TABLE panels (
    panel    text PRIMARY KEY CHECK (panel ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    articles integer NOT NULL CHECK (articles >= 1),
    seed     bigint NOT NULL,
    since    timestamptz,
    until    timestamptz,
    made_at  timestamptz NOT NULL
);
COMMENT ON TABLE panels IS 'A sample of texts that runs are compared on. Never changed.';

CREATE TABLE panel_articles (
    panel          text NOT NULL REFERENCES panels,
    article_id     text NOT NULL,
    content_sha256 text NOT NULL,
    publisher_id   text NOT NULL REFERENCES publishers,
    month          date NOT NULL,
    probability    double precision NOT NULL CHECK (probability > 0 AND probability <= 1),
    PRIMARY KEY (panel, article_id)
);
COMMENT ON COLUMN panel_articles.probability IS 'With which an article of its outlet and month was drawn.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed: add another', TG_TABLE_NAME;
END $$;
CREATE TRIGGER runs_are_kept BEFORE UPDATE OR DELETE ON runs
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER promotions_are_kept BEFORE UPDATE OR DELETE ON promotions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER panels_are_kept BEFORE UPDATE OR DELETE ON panels
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER panel_articles_are_kept BEFORE UPDATE OR DELETE ON panel_articles
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- From here on whole tables are read once.
SET statement_timeout = '10min';

-- A newer run no longer replaces an older one: a newer text that the same run labelled does.
UPDATE annotations n SET superseded_at = NULL
 WHERE superseded_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM articles o
                     JOIN articles a ON a.article_id = o.article_id AND a.revision > o.revision
                     JOIN annotations m ON m.article_id = a.article_id
                          AND m.content_sha256 = a.content_sha256 AND m.run_id = n.run_id
                    WHERE o.article_id = n.article_id AND o.content_sha256 = n.content_sha256);

INSERT INTO run_outcomes (run_id, article_id, content_sha256, at)
SELECT run_id, article_id, content_sha256, min(made_at) FROM annotations
 GROUP BY run_id, article_id, content_sha256;

INSERT INTO promotions (promotion_id, run_id, promoted_at, reason)
SELECT 1, r.run_id, now(), 'labelled most texts when runs began to be promoted'
  FROM runs r JOIN run_outcomes o USING (run_id)
 GROUP BY r.run_id, r.started_at ORDER BY count(*) DESC, r.started_at DESC LIMIT 1;

CREATE INDEX annotations_of_article ON annotations (article_id, run_id, stage, scope)
    WHERE scope <> 'sentence';
CREATE INDEX annotations_of_run ON annotations (run_id, stage, label, article_id)
    WHERE scope = 'article';
DROP INDEX annotations_current;
DROP INDEX annotations_by_label;
COMMENT ON COLUMN annotations.superseded_at IS 'When the same run labelled a newer text of the article.';

-- migrate:down
DROP INDEX annotations_of_run;
DROP INDEX annotations_of_article;
CREATE INDEX annotations_current ON annotations (article_id, labeller, stage, scope)
    WHERE superseded_at IS NULL AND scope <> 'sentence';
CREATE INDEX annotations_by_label ON annotations (labeller, stage, label, article_id)
    WHERE superseded_at IS NULL AND scope = 'article';
DROP TABLE panel_articles;
DROP TABLE panels;
DROP TABLE run_outcomes;
DROP TABLE promotions;
DROP TRIGGER runs_are_kept ON runs;
DROP FUNCTION refuse_change;
ALTER TABLE runs DROP COLUMN settings;
