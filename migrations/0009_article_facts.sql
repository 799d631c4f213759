-- migrate:up
SET lock_timeout = '4s';
SET statement_timeout = '5s';

ALTER TABLE articles ADD COLUMN date_from text;
ALTER TABLE articles ADD COLUMN free_access boolean;
ALTER TABLE articles ADD COLUMN reservations text[] NOT NULL DEFAULT '{}';
ALTER TABLE articles ADD COLUMN credit text;
ALTER TABLE articles ADD COLUMN text_from text;
ALTER TABLE articles ADD COLUMN text_agreement double precision CHECK (text_agreement BETWEEN 0 AND 1);
COMMENT ON COLUMN articles.date_from IS 'Which statement of the page gave published_at, such as json-ld or meta:article:published_time.';
COMMENT ON COLUMN articles.free_access IS 'Whether the page says that anyone may read it; null where it says nothing.';
COMMENT ON COLUMN articles.reservations IS 'Signals against archiving, indexing, text mining or AI use, by name.';
COMMENT ON COLUMN articles.credit IS 'News agency that the page credits with the text.';
COMMENT ON COLUMN articles.text_from IS 'Which extractor of the chain gave the text.';
COMMENT ON COLUMN articles.text_agreement IS 'Share of words on which two extractors agreed (0 to 1); null where only one was asked.';

-- migrate:down
ALTER TABLE articles DROP COLUMN text_agreement;
ALTER TABLE articles DROP COLUMN text_from;
ALTER TABLE articles DROP COLUMN credit;
ALTER TABLE articles DROP COLUMN reservations;
ALTER TABLE articles DROP COLUMN free_access;
ALTER TABLE articles DROP COLUMN date_from;
