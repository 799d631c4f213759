-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE articles ADD COLUMN form text;
COMMENT ON COLUMN articles.form IS 'What the article is where it is no ordinary one, such as live-blog or sponsored; such articles stay out of averages.';

-- migrate:down
ALTER TABLE articles DROP COLUMN form;
