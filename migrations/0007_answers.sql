-- migrate:up
-- Constraints are replaced by weaker ones, or dropped on the way down.
-- squawk-ignore-file ban-drop-constraint
SET lock_timeout = '4s';
SET statement_timeout = '5s';

CREATE TABLE answers (
    run_id            text NOT NULL REFERENCES runs,
    answer_id         text NOT NULL,
    stage             text NOT NULL,
    scope             text NOT NULL,
    prompt_sha256     text NOT NULL,
    raw               text NOT NULL,
    finish_reason     text NOT NULL,
    prompt_tokens     integer NOT NULL,
    completion_tokens integer NOT NULL,
    cached_tokens     integer NOT NULL,
    duration_s        double precision NOT NULL,
    tries             integer NOT NULL CHECK (tries >= 1),
    draws             integer NOT NULL CHECK (draws >= 0),
    made_at           timestamptz NOT NULL,
    PRIMARY KEY (run_id, answer_id)
);
COMMENT ON TABLE answers IS 'What a model said, word for word, and what it cost; labels name the answer they were read from.';
COMMENT ON COLUMN answers.prompt_sha256 IS 'Of the messages as sent; article, prompts and codebook make them again.';

ALTER TABLE annotations ADD COLUMN text text;
ALTER TABLE annotations ADD COLUMN answer_id text;
ALTER TABLE annotations DROP CONSTRAINT annotations_check1;
ALTER TABLE annotations ADD CONSTRAINT annotations_say_something
    CHECK (label IS NOT NULL OR score IS NOT NULL OR text IS NOT NULL) NOT VALID;
ALTER TABLE annotations ADD CONSTRAINT annotations_answer
    FOREIGN KEY (run_id, answer_id) REFERENCES answers NOT VALID;
COMMENT ON COLUMN annotations.text IS 'The answer to a question that is answered in words.';

-- migrate:down
ALTER TABLE annotations DROP CONSTRAINT annotations_answer;
ALTER TABLE annotations DROP CONSTRAINT annotations_say_something;
ALTER TABLE annotations ADD CONSTRAINT annotations_check1
    CHECK (label IS NOT NULL OR score IS NOT NULL) NOT VALID;
ALTER TABLE annotations DROP COLUMN answer_id;
ALTER TABLE annotations DROP COLUMN text;
DROP TABLE answers;
