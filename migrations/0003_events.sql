-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE stories (
    story_id         text PRIMARY KEY,
    title            text NOT NULL,
    title_article_id text NOT NULL,
    first_at         timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    articles         integer NOT NULL,
    publishers       integer NOT NULL,
    method           text NOT NULL
);
CREATE INDEX stories_by_time ON stories (last_at DESC, story_id DESC);
COMMENT ON TABLE stories IS 'How something develops, over days to weeks.';

CREATE TABLE events (
    event_id         text PRIMARY KEY,
    story_id         text NOT NULL REFERENCES stories,
    title            text NOT NULL,
    title_article_id text NOT NULL,
    first_at         timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    articles         integer NOT NULL,
    publishers       integer NOT NULL,
    method           text NOT NULL
);
CREATE INDEX events_by_time ON events (last_at DESC, event_id DESC);
CREATE INDEX events_by_size ON events (articles DESC, event_id DESC);
CREATE INDEX events_by_story ON events (story_id);
COMMENT ON TABLE events IS 'What happened, over hours to days; at least two articles.';

CREATE TABLE event_members (
    article_id text PRIMARY KEY,
    event_id   text REFERENCES events,
    story_id   text NOT NULL REFERENCES stories,
    score      double precision NOT NULL,
    method     text NOT NULL,
    CHECK (score BETWEEN -1 AND 1)
);
CREATE INDEX event_members_by_event ON event_members (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX event_members_by_story ON event_members (story_id);
COMMENT ON TABLE event_members IS 'Mention: the event and the story an article belongs to now. event_id null: a story''s article outside its events.';

-- migrate:down
DROP TABLE event_members;
DROP TABLE events;
DROP TABLE stories;
