-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE event_states (
    event_id   text PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    input      text NOT NULL,
    method     text NOT NULL,
    made_at    timestamptz NOT NULL,
    outlets    integer NOT NULL,
    unlabelled integer NOT NULL,
    sentences  integer NOT NULL,
    compared   integer NOT NULL,
    facts      integer NOT NULL,
    exclusives integer NOT NULL,
    takeaways  jsonb NOT NULL,
    CHECK (exclusives <= facts)
);
COMMENT ON TABLE event_states IS 'What was made of the texts of an event: when, how, and from which.';
COMMENT ON COLUMN event_states.input IS 'Digest of members, texts and labels: another one now means that this is out of date.';
COMMENT ON COLUMN event_states.unlabelled IS 'Articles whose sentences have no labels: all but their quotations were read.';
COMMENT ON COLUMN event_states.sentences IS 'Sentences that can state a fact; compared: distinct wordings, of quotations and opinions too.';
COMMENT ON COLUMN event_states.takeaways IS 'References, texts are where they point: {annotation_id, article_id} of labels, else {fact}.';

CREATE TABLE event_facts (
    event_id  text NOT NULL REFERENCES event_states ON DELETE CASCADE,
    number    integer NOT NULL,
    outlets   text[] NOT NULL,
    sources   integer NOT NULL,
    exclusive boolean NOT NULL,
    PRIMARY KEY (event_id, number)
);
COMMENT ON TABLE event_facts IS 'What was told of an event, by most sources first.';
COMMENT ON COLUMN event_facts.outlets IS 'Who printed it, be it in a copy.';
COMMENT ON COLUMN event_facts.sources IS 'Texts that state it, copies counted as one.';
COMMENT ON COLUMN event_facts.exclusive IS 'Printed by one outlet while others covered the event.';

CREATE TABLE event_fact_sentences (
    event_id       text NOT NULL,
    number         integer NOT NULL,
    place          integer NOT NULL,
    aside          boolean NOT NULL,
    article_id     text NOT NULL,
    content_sha256 text NOT NULL,
    sentence       integer NOT NULL CHECK (sentence >= 0),
    PRIMARY KEY (event_id, number, place),
    FOREIGN KEY (event_id, number) REFERENCES event_facts ON DELETE CASCADE
);
CREATE INDEX event_fact_sentences_by_article ON event_fact_sentences (article_id);
COMMENT ON TABLE event_fact_sentences IS 'Sentences that state a fact; place 0 stands for the fact.';
COMMENT ON COLUMN event_fact_sentences.aside IS 'The nearest one of an outlet that tells the fact only in passing: it states another, or is a quotation or an opinion.';

CREATE TABLE story_states (
    story_id text PRIMARY KEY REFERENCES stories ON DELETE CASCADE,
    input    text NOT NULL,
    method   text NOT NULL,
    made_at  timestamptz NOT NULL,
    articles integer NOT NULL,
    mentions integer NOT NULL
);
COMMENT ON TABLE story_states IS 'What was made of the amounts that a story tells: when, how, and from which texts.';

CREATE TABLE story_slots (
    story_id text NOT NULL REFERENCES story_states ON DELETE CASCADE,
    number   integer NOT NULL,
    name     text NOT NULL,
    unit     text NOT NULL CHECK (unit IN ('count', 'percent', 'money', 'tally', 'span')),
    told     text[] NOT NULL CHECK (cardinality(told) >= 2),
    PRIMARY KEY (story_id, number)
);
COMMENT ON TABLE story_slots IS 'An amount whose value changed; told: its values as written, the latest one last.';

CREATE TABLE story_steps (
    story_id       text NOT NULL,
    number         integer NOT NULL,
    place          integer NOT NULL,
    value          integer NOT NULL CHECK (value >= 0),
    role           text NOT NULL CHECK (role IN ('new', 'repeat', 'stale', 'former')),
    written        text NOT NULL,
    told_at        timestamptz NOT NULL,
    publisher_id   text NOT NULL REFERENCES publishers,
    article_id     text NOT NULL,
    content_sha256 text NOT NULL,
    sentence       integer NOT NULL CHECK (sentence >= -1),
    PRIMARY KEY (story_id, number, place),
    FOREIGN KEY (story_id, number) REFERENCES story_slots ON DELETE CASCADE
);
CREATE INDEX story_steps_by_article ON story_steps (article_id);
CREATE INDEX story_steps_by_publisher ON story_steps (publisher_id);
COMMENT ON TABLE story_steps IS 'Who told which value when; value numbers the values of the slot from 0.';
COMMENT ON COLUMN story_steps.role IS 'new: first told; repeat; stale: after a newer value was told; former: told as holding no more.';
COMMENT ON COLUMN story_steps.sentence IS 'Number in the text from 0; -1: the headline.';

CREATE TABLE event_titles (
    event_id       text PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    title          text NOT NULL,
    model          text NOT NULL,
    model_revision text NOT NULL,
    prompt_digest  text NOT NULL,
    input          text NOT NULL,
    asked_at       timestamptz NOT NULL
);
COMMENT ON TABLE event_titles IS 'A title that a language model gave, beside the headline that events.title is. A person''s word wins over both.';
COMMENT ON COLUMN event_titles.input IS 'Digest of the headlines it was shown.';

-- migrate:down
DROP TABLE event_titles;
DROP TABLE story_steps;
DROP TABLE story_slots;
DROP TABLE story_states;
DROP TABLE event_fact_sentences;
DROP TABLE event_facts;
DROP TABLE event_states;
