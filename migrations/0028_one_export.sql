-- migrate:up
-- The tables are small, or new: writers wait for no time that they would notice.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
SET lock_timeout = '4s';
SET statement_timeout = '5s';

UPDATE jobs j SET state = 'failed', lease_until = NULL, error_code = 'export-in-hand',
       error_message = 'another export of the key was asked for at the same moment', changed_at = now()
 WHERE kind = 'export' AND state IN ('due', 'leased') AND key_id IS NOT NULL
   AND EXISTS (SELECT FROM jobs o
                WHERE o.kind = 'export' AND o.state IN ('due', 'leased') AND o.key_id = j.key_id
                  AND (o.requested_at, o.job_id) < (j.requested_at, j.job_id));
CREATE UNIQUE INDEX jobs_one_export ON jobs (key_id)
    WHERE kind = 'export' AND state IN ('due', 'leased') AND key_id IS NOT NULL;
COMMENT ON INDEX jobs_one_export IS 'One export of a key is made at a time, also where two are asked for at once.';

-- migrate:down
DROP INDEX jobs_one_export;
