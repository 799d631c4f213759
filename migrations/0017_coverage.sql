-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE coverage_runs (
    coverage_run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    judged_at       timestamptz NOT NULL,
    since           timestamptz NOT NULL,
    until           timestamptz NOT NULL,
    version         text NOT NULL,
    rules           jsonb NOT NULL,
    events          integer NOT NULL,
    outlets         integer NOT NULL,
    pairs           integer NOT NULL,
    claims          integer NOT NULL,
    by_chance       double precision NOT NULL,
    CHECK (since <= until)
);
COMMENT ON TABLE coverage_runs IS 'Each time absences from events were judged, together and by one rule. Rows are added only.';
COMMENT ON COLUMN coverage_runs.pairs IS 'Outlets and events that could be judged, whether the outlet carried the event or not.';
COMMENT ON COLUMN coverage_runs.by_chance IS 'How many of the claims are, at most, expected to be false.';

CREATE TABLE coverage_verdicts (
    coverage_run_id bigint NOT NULL REFERENCES coverage_runs,
    event_id        text NOT NULL,
    publisher_id    text NOT NULL REFERENCES publishers,
    verdict         text NOT NULL CHECK (verdict IN
        ('blindspot', 'unremarkable', 'open', 'too-small', 'not-crawled', 'too-young')),
    expected        double precision CHECK (expected BETWEEN 0 AND 1),
    q               double precision CHECK (q BETWEEN 0 AND 1),
    past_events     integer NOT NULL,
    days            integer NOT NULL,
    days_crawled    integer NOT NULL,
    PRIMARY KEY (coverage_run_id, event_id, publisher_id),
    CHECK (days_crawled <= days),
    CHECK (verdict <> 'blindspot' OR (expected IS NOT NULL AND q IS NOT NULL AND days_crawled = days))
);
CREATE INDEX coverage_verdicts_of_event ON coverage_verdicts (event_id, coverage_run_id DESC);
COMMENT ON TABLE coverage_verdicts IS 'Outlets of which no article of an event was found in what we crawled. Of older runs only the blindspots are kept.';
COMMENT ON COLUMN coverage_verdicts.expected IS 'Probability that the outlet would carry the event, from past events; null where it cannot be judged.';
COMMENT ON COLUMN coverage_verdicts.days_crawled IS 'Of the days on which an article could have come, how many are known to have been crawled well.';

-- migrate:down
DROP TABLE coverage_verdicts;
DROP TABLE coverage_runs;
