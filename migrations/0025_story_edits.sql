-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

COMMENT ON COLUMN lineage.together IS 'Of an edit: articles that are of one event, or of one story, as its level says.';
COMMENT ON COLUMN lineage.apart IS 'Of an edit: articles that are not of that event or story.';

-- migrate:down
COMMENT ON COLUMN lineage.together IS 'Of an edit: articles that are of one event.';
COMMENT ON COLUMN lineage.apart IS 'Of an edit: articles that are not of that event.';
