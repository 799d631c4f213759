-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE trend_sums (
    sum_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id    text NOT NULL REFERENCES runs,
    metric    text NOT NULL,
    dimension text NOT NULL,
    digest    text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, metric, dimension, digest)
);
COMMENT ON TABLE trend_sums IS 'Which sums are kept: of a metric by a dimension of labels (empty: none), in a run.';
COMMENT ON COLUMN trend_sums.digest IS 'Of the statement they are made by: another version of it has sums of its own.';

CREATE TABLE trend_cells (
    sum_id       integer NOT NULL REFERENCES trend_sums,
    day          date NOT NULL,
    publisher_id text NOT NULL,
    label        text,
    n            integer NOT NULL,
    k            integer NOT NULL,
    s            double precision,
    q            double precision
);
CREATE INDEX trend_cells_of_day ON trend_cells (sum_id, day, publisher_id);
COMMENT ON TABLE trend_cells IS 'Of each outlet''s days: n articles, k of them with a value, the sum s of the values and q of their squares.';

CREATE TABLE trend_marks (
    publisher_id text NOT NULL,
    day          date NOT NULL
);
COMMENT ON TABLE trend_marks IS 'Days of which something changed since their sums were made: they are counted anew whenever asked for. Kept by triggers, and added only, so that no writer waits for another.';

CREATE FUNCTION mark_article() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO trend_marks VALUES (OLD.publisher_id, (OLD.sort_at AT TIME ZONE 'UTC')::date);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO trend_marks VALUES (NEW.publisher_id, (NEW.sort_at AT TIME ZONE 'UTC')::date);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_mark_days AFTER INSERT OR DELETE ON articles
    FOR EACH ROW EXECUTE FUNCTION mark_article();
CREATE TRIGGER articles_mark_changed_days
    AFTER UPDATE OF publisher_id, published_at, fetched_at, superseded_at, form ON articles
    FOR EACH ROW EXECUTE FUNCTION mark_article();

CREATE FUNCTION mark_label() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    label record;
BEGIN
    IF TG_OP = 'INSERT' THEN label := NEW; ELSE label := OLD; END IF;
    INSERT INTO trend_marks
    SELECT publisher_id, (sort_at AT TIME ZONE 'UTC')::date FROM articles
     WHERE article_id = label.article_id AND content_sha256 = label.content_sha256;
    RETURN NULL;
END $$;
CREATE TRIGGER annotations_mark_days AFTER INSERT ON annotations
    FOR EACH ROW WHEN (NEW.scope <> 'sentence') EXECUTE FUNCTION mark_label();
CREATE TRIGGER annotations_mark_changed_days AFTER DELETE OR UPDATE OF label, score ON annotations
    FOR EACH ROW WHEN (OLD.scope <> 'sentence') EXECUTE FUNCTION mark_label();

-- migrate:down
DROP TRIGGER annotations_mark_changed_days ON annotations;
DROP TRIGGER annotations_mark_days ON annotations;
DROP FUNCTION mark_label;
DROP TRIGGER articles_mark_changed_days ON articles;
DROP TRIGGER articles_mark_days ON articles;
DROP FUNCTION mark_article;
DROP TABLE trend_marks;
DROP TABLE trend_cells;
DROP TABLE trend_sums;
