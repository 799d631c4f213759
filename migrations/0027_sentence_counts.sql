-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

-- One row where annotations have dozens: shares of sentences are read from here. A column is null
-- where that question was not asked of the text.
CREATE TABLE sentence_counts (
    run_id          text NOT NULL REFERENCES runs,
    article_id      text NOT NULL,
    content_sha256  text NOT NULL,
    made_at         timestamptz NOT NULL,
    sent_type_fac   integer,
    sent_type_opn   integer,
    sent_type_quo   integer,
    sent_type_bor   integer,
    sent_type_oth   integer,
    sent_tone_neg   integer,
    sent_tone_neu   integer,
    sent_tone_pos   integer,
    sent_focus_dem  integer,
    sent_focus_rep  integer,
    sent_focus_bth  integer,
    sent_focus_non  integer,
    PRIMARY KEY (article_id, run_id, content_sha256)
);
COMMENT ON TABLE sentence_counts IS 'Sentences of a text by label in one run, counted from annotations as they are added.';

-- From here on whole tables are read once.
SET statement_timeout = '10min';

INSERT INTO sentence_counts
SELECT run_id, article_id, content_sha256, max(made_at),
       CASE WHEN bool_or(stage = 'sentence_type') THEN count(*) FILTER (WHERE stage = 'sentence_type' AND label = 'fact') END,
       CASE WHEN bool_or(stage = 'sentence_type') THEN count(*) FILTER (WHERE stage = 'sentence_type' AND label = 'opinion') END,
       CASE WHEN bool_or(stage = 'sentence_type') THEN count(*) FILTER (WHERE stage = 'sentence_type' AND label = 'quote') END,
       CASE WHEN bool_or(stage = 'sentence_type') THEN count(*) FILTER (WHERE stage = 'sentence_type' AND label = 'borderline') END,
       CASE WHEN bool_or(stage = 'sentence_type') THEN count(*) FILTER (WHERE stage = 'sentence_type' AND label = 'other') END,
       CASE WHEN bool_or(stage = 'sentence_tone') THEN count(*) FILTER (WHERE stage = 'sentence_tone' AND label = 'negative') END,
       CASE WHEN bool_or(stage = 'sentence_tone') THEN count(*) FILTER (WHERE stage = 'sentence_tone' AND label = 'neutral') END,
       CASE WHEN bool_or(stage = 'sentence_tone') THEN count(*) FILTER (WHERE stage = 'sentence_tone' AND label = 'positive') END,
       CASE WHEN bool_or(stage = 'sentence_focus') THEN count(*) FILTER (WHERE stage = 'sentence_focus' AND label = 'democrat') END,
       CASE WHEN bool_or(stage = 'sentence_focus') THEN count(*) FILTER (WHERE stage = 'sentence_focus' AND label = 'republican') END,
       CASE WHEN bool_or(stage = 'sentence_focus') THEN count(*) FILTER (WHERE stage = 'sentence_focus' AND label = 'both') END,
       CASE WHEN bool_or(stage = 'sentence_focus') THEN count(*) FILTER (WHERE stage = 'sentence_focus' AND label = 'neither') END
  FROM annotations WHERE scope = 'sentence'
 GROUP BY run_id, article_id, content_sha256;

-- Counts of sentences are of a text and a run, like labels.
CREATE TRIGGER sentence_counts_mark_days AFTER INSERT OR DELETE OR UPDATE ON sentence_counts
    FOR EACH ROW EXECUTE FUNCTION mark_label();

-- migrate:down
DROP TABLE sentence_counts;
