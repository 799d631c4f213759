-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

-- Weeks and months out of days: what spans a year reads a dozen rows where days are hundreds.
CREATE TABLE trend_spans (
    sum_id       integer NOT NULL REFERENCES trend_sums,
    span         text NOT NULL CHECK (span IN ('week', 'month')),
    starts_on    date NOT NULL,
    publisher_id text NOT NULL,
    label        text,
    n            integer NOT NULL,
    k            integer NOT NULL,
    s            double precision,
    q            double precision
);
CREATE INDEX trend_spans_of_time ON trend_spans (sum_id, span, starts_on, publisher_id);
COMMENT ON TABLE trend_spans IS 'Sums of trend_cells by week (from Monday) and month. Where a day of one is marked, its days are read instead.';

-- From here on whole tables are read once.
SET statement_timeout = '10min';

INSERT INTO trend_spans (sum_id, span, starts_on, publisher_id, label, n, k, s, q)
SELECT c.sum_id, w.span, date_trunc(w.span, c.day::timestamp)::date, c.publisher_id, c.label,
       sum(c.n), sum(c.k), sum(c.s), sum(c.q)
  FROM trend_cells c CROSS JOIN (VALUES ('week'), ('month')) w(span)
 GROUP BY 1, 2, 3, 4, 5;

-- migrate:down
DROP TABLE trend_spans;
