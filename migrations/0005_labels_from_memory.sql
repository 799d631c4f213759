-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE annotations ADD COLUMN memory_sequence bigint;
COMMENT ON COLUMN annotations.memory_sequence IS 'The number of the memory this label was read as of; null where the label reads no memory.';

-- migrate:down
ALTER TABLE annotations DROP COLUMN memory_sequence;
