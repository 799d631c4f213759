-- migrate:up
-- Columns with a constant default and nullable ones need no rewrite; the tables of events are small.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE stories
    ADD COLUMN cohesion  double precision CHECK (cohesion BETWEEN -1 AND 1),
    ADD COLUMN purity    double precision CHECK (purity BETWEEN 0 AND 1),
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN title_by  text,
    ADD COLUMN version   bigint NOT NULL DEFAULT 0;
ALTER TABLE events
    ADD COLUMN cohesion  double precision CHECK (cohesion BETWEEN -1 AND 1),
    ADD COLUMN purity    double precision CHECK (purity BETWEEN 0 AND 1),
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN title_by  text,
    ADD COLUMN version   bigint NOT NULL DEFAULT 0;
CREATE INDEX events_open ON events (last_at) WHERE closed_at IS NULL;
CREATE INDEX stories_open ON stories (last_at) WHERE closed_at IS NULL;
COMMENT ON COLUMN events.cohesion IS 'Mean cosine of the vectors of two of its articles; null: fewer than two have one.';
COMMENT ON COLUMN events.purity IS 'Share of its articles that are nearer to the centre of the others in it than to that of any other event of those days.';
COMMENT ON COLUMN events.closed_at IS 'When it had gained nothing for so long that it counts as over; null: open.';
COMMENT ON COLUMN events.title_by IS 'Who gave the title; null: it is the headline of title_article_id.';
COMMENT ON COLUMN events.version IS 'The ledger_versions that last changed the row or its members.';

ALTER TABLE event_members
    ADD COLUMN role     text NOT NULL DEFAULT 'core' CHECK (role IN ('core', 'attached')),
    ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN event_members.role IS 'core: what the event was formed of; attached: joined to it afterwards.';
COMMENT ON COLUMN event_members.evidence IS 'Why it is here: the members it is nearest to and what they share.';

CREATE TABLE ledger_versions (
    version bigint PRIMARY KEY,
    at      timestamptz NOT NULL UNIQUE,
    actor   text NOT NULL
);
COMMENT ON TABLE ledger_versions IS 'Every write of events and stories, in the order in which they were committed.';
COMMENT ON COLUMN ledger_versions.actor IS 'grouping:<method> or human:<name>.';

CREATE TABLE lineage (
    entry_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version      bigint NOT NULL REFERENCES ledger_versions,
    level        text NOT NULL CHECK (level IN ('event', 'story')),
    kind         text NOT NULL CHECK (kind IN ('created', 'joined', 'left', 'split', 'merged', 'renamed', 'closed', 'reopened', 'undone')),
    from_ids     text[] NOT NULL,
    to_ids       text[] NOT NULL,
    articles     text[] NOT NULL,
    title        text,
    title_before text,
    reason       text NOT NULL,
    undo_of      bigint REFERENCES lineage,
    edit         boolean NOT NULL DEFAULT false,
    together     text[] NOT NULL DEFAULT '{}',
    apart        text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX lineage_by_version ON lineage (version);
CREATE INDEX lineage_by_from ON lineage USING gin (from_ids);
CREATE INDEX lineage_by_to ON lineage USING gin (to_ids);
CREATE INDEX lineage_by_undo ON lineage (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX lineage_edits ON lineage (entry_id) WHERE edit;
COMMENT ON TABLE lineage IS 'What became of events and stories, and by whom. Rows are only ever added.';
COMMENT ON COLUMN lineage.articles IS 'The articles that moved from from_ids to to_ids; from nothing: new there, to nothing: in no group.';
COMMENT ON COLUMN lineage.edit IS 'A person''s word: groupings keep to title, together and apart until the entry is undone.';
COMMENT ON COLUMN lineage.together IS 'Of an edit: articles that are of one event.';
COMMENT ON COLUMN lineage.apart IS 'Of an edit: articles that are not of that event.';

CREATE FUNCTION lineage_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lineage is append-only: undo an entry by a new one' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER lineage_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON lineage
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_only_grows();

CREATE TABLE member_history (
    article_id   text NOT NULL,
    event_id     text,
    story_id     text NOT NULL,
    role         text NOT NULL,
    score        double precision NOT NULL,
    from_version bigint NOT NULL REFERENCES ledger_versions,
    to_version   bigint REFERENCES ledger_versions,
    PRIMARY KEY (article_id, from_version),
    CHECK (to_version > from_version)
);
CREATE UNIQUE INDEX member_history_now ON member_history (article_id) WHERE to_version IS NULL;
CREATE INDEX member_history_by_event ON member_history (event_id, from_version) WHERE event_id IS NOT NULL;
CREATE INDEX member_history_by_story ON member_history (story_id, from_version);
COMMENT ON TABLE member_history IS 'Where an article was from one version to before another; to_version null: still there.';
COMMENT ON COLUMN member_history.score IS 'Its last score there.';

CREATE TABLE retired_ids (
    group_id text PRIMARY KEY,
    level    text NOT NULL CHECK (level IN ('event', 'story')),
    into_ids text[] NOT NULL,
    version  bigint NOT NULL REFERENCES ledger_versions
);
CREATE INDEX retired_ids_by_level ON retired_ids (level);
COMMENT ON TABLE retired_ids IS 'Ids that stand for nothing now, and where their last articles went. Only an undone entry brings one back.';

CREATE TABLE edit_conflicts (
    entry_id bigint PRIMARY KEY REFERENCES lineage,
    method   text NOT NULL,
    joined   text[] NOT NULL,
    parted   text[] NOT NULL
);
COMMENT ON TABLE edit_conflicts IS 'Where the last grouping would have decided against a person whose word it kept.';
COMMENT ON COLUMN edit_conflicts.joined IS 'Articles it would have put with those the person kept apart from them.';
COMMENT ON COLUMN edit_conflicts.parted IS 'Articles it would have taken from those the person put together.';

-- What was there before the ledger is its first version.
INSERT INTO ledger_versions SELECT 1, now(), 'grouping:before-the-ledger' WHERE EXISTS (SELECT FROM stories);
UPDATE stories SET version = 1;
UPDATE events SET version = 1;
INSERT INTO member_history (article_id, event_id, story_id, role, score, from_version)
SELECT article_id, event_id, story_id, role, score, 1 FROM event_members;
INSERT INTO lineage (version, level, kind, from_ids, to_ids, articles, title, reason)
SELECT 1, 'story', 'created', '{}', ARRAY[story_id],
       ARRAY(SELECT article_id FROM event_members m WHERE m.story_id = s.story_id ORDER BY 1), title,
       'grouped before the ledger was kept'
  FROM stories s ORDER BY story_id;
INSERT INTO lineage (version, level, kind, from_ids, to_ids, articles, title, reason)
SELECT 1, 'event', 'created', '{}', ARRAY[event_id],
       ARRAY(SELECT article_id FROM event_members m WHERE m.event_id = e.event_id ORDER BY 1), title,
       'grouped before the ledger was kept'
  FROM events e ORDER BY event_id;

-- migrate:down
DROP TABLE edit_conflicts;
DROP TABLE retired_ids;
DROP TABLE member_history;
DROP TABLE lineage;
DROP FUNCTION lineage_only_grows;
DROP TABLE ledger_versions;
ALTER TABLE event_members DROP COLUMN role, DROP COLUMN evidence;
ALTER TABLE events
    DROP COLUMN cohesion, DROP COLUMN purity, DROP COLUMN closed_at, DROP COLUMN title_by, DROP COLUMN version;
ALTER TABLE stories
    DROP COLUMN cohesion, DROP COLUMN purity, DROP COLUMN closed_at, DROP COLUMN title_by, DROP COLUMN version;
