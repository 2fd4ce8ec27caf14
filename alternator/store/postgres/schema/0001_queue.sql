-- The queue follows the tables: what waits has a job, made in the transaction that makes it wait.
--
--   alternator.describe   one for each post with an attachment that waits; its lock is ACCOUNT:STATUS
--   alternator.errand     one for each errand that waits; the same lock
--
-- The jobs of several posts are taken in the order of their locks, so that two transactions do not
-- wait for each other. Procrastinate's unique queueing lock is not used: with it a job that is tried
-- again may fail (https://github.com/procrastinate-org/procrastinate/issues/1543). Two transactions
-- that both make the first job of one post, with different attachments, make two; its lock keeps
-- them apart, the second finds nothing to do, and the next change of the post leaves one of them.

-- By the post, for what follows; Procrastinate looks for its locks by the same index.
CREATE INDEX alternator_jobs_by_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing');
-- By the account, for its turn.
CREATE INDEX alternator_jobs_by_account ON procrastinate_jobs (((args ->> 'account')::bigint))
    WHERE status = 'todo' AND task_name IN ('alternator.describe', 'alternator.errand');

-- A queue is empty at one moment and has thousands of jobs at the next. The plans that were made for
-- an empty one (read it all, sort it) are kept by a connection until the table is analyzed: with 3,000
-- jobs each step then read all of them. So the functions are told to go by the indexes.
ALTER FUNCTION procrastinate_fetch_job_v2(character varying[], bigint)
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
    SET enable_hashjoin = off SET enable_mergejoin = off;

-- Unix time in seconds: now, not at the beginning of the transaction.
CREATE FUNCTION alternator_now() RETURNS double precision
    LANGUAGE sql VOLATILE AS $$ SELECT extract(epoch FROM clock_timestamp())::double precision $$;

-- What a worker waits to be told of: a job that may be due (procrastinate_notify_queue_job_inserted_v1
-- does so for one that is new).
CREATE FUNCTION alternator_tell_workers(job bigint, queue text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    word text := json_build_object('type', 'job_inserted', 'job_id', job)::text;
BEGIN
    PERFORM pg_notify('procrastinate_queue_v1#' || queue, word);
    PERFORM pg_notify('procrastinate_any_queue_v1', word);
END $$;

-- The priority of an account's next job: each that is in the queue already makes it one less, down to
-- a hundred, so that accounts take turns. New posts (1000) go before old ones (0).
CREATE FUNCTION alternator_priority(of_account bigint, is_new boolean) RETURNS integer
    LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN is_new THEN 1000 ELSE 0 END - count(*)::integer FROM (
        SELECT 1 FROM procrastinate_jobs
            WHERE status = 'todo' AND task_name IN ('alternator.describe', 'alternator.errand')
            AND (args ->> 'account')::bigint = of_account LIMIT 100
    ) AS before_it $$;

-- See to it that a post has a job if, and only if, something of it waits: due when the first is. A
-- new one is not due before `soonest`, Unix time in seconds.
CREATE FUNCTION alternator_follow_post(
    of_account bigint, post text, soonest double precision DEFAULT 0
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    post_lock text := of_account || ':' || post;
    present double precision := alternator_now();
    due double precision;
    is_new boolean;
    wanted_queue text;
    wanted_at timestamptz;
    waits boolean;
    job procrastinate_jobs;
    kept bigint;
BEGIN
    -- Who else is at this post's jobs is waited for, and what they wrote is seen below.
    PERFORM 1 FROM procrastinate_jobs WHERE lock = post_lock AND status IN ('todo', 'doing')
        AND task_name = 'alternator.describe' FOR NO KEY UPDATE;
    -- A wait longer than any was written by a clock that was wrong (LONGEST_AHEAD_SECONDS).
    SELECT min(CASE WHEN not_before > present + 43260 THEN present ELSE not_before END),
            bool_or(backfill = 0), CASE WHEN bool_or(speech = 1) THEN 'speech' ELSE 'vision' END
        INTO due, is_new, wanted_queue
        FROM attachment WHERE account = of_account AND status_id = post AND state = 'waiting';
    waits := due IS NOT NULL;
    IF waits THEN
        -- Who wrote it has a clock that may be a little ahead: a worker that is told now would look
        -- too soon, and then not again for seconds.
        IF due BETWEEN present AND present + 0.25 THEN
            due := present;
        END IF;
        wanted_at := to_timestamp(due);
    END IF;
    FOR job IN SELECT * FROM procrastinate_jobs WHERE lock = post_lock AND status = 'todo'
        AND task_name = 'alternator.describe'
    LOOP
        IF kept IS NOT NULL OR NOT waits THEN
            DELETE FROM procrastinate_jobs WHERE id = job.id AND status = 'todo';
            CONTINUE;
        END IF;
        kept := job.id;
        IF job.scheduled_at IS DISTINCT FROM wanted_at OR job.queue_name != wanted_queue
            OR (job.priority > 500) != is_new
        THEN
            UPDATE procrastinate_jobs SET scheduled_at = wanted_at, queue_name = wanted_queue,
                priority = CASE WHEN (job.priority > 500) = is_new THEN job.priority
                    ELSE alternator_priority(of_account, is_new) END
                WHERE id = job.id AND status = 'todo';
            IF due <= present AND (job.scheduled_at > wanted_at OR job.queue_name != wanted_queue)
            THEN
                PERFORM alternator_tell_workers(job.id, wanted_queue);
            END IF;
        END IF;
    END LOOP;
    IF waits AND kept IS NULL THEN
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args, scheduled_at)
            VALUES (wanted_queue, 'alternator.describe', alternator_priority(of_account, is_new),
                post_lock, jsonb_build_object('account', of_account, 'status_id', post),
                greatest(wanted_at, to_timestamp(soonest)));
    END IF;
END $$;

-- The same for an errand, by its number.
CREATE FUNCTION alternator_follow_errand(of_number bigint, soonest double precision DEFAULT 0)
    RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    wanted errand;
BEGIN
    SELECT * INTO wanted FROM errand WHERE number = of_number AND ended IS NULL;
    IF wanted.number IS NULL OR EXISTS (
        SELECT 1 FROM procrastinate_jobs WHERE lock = wanted.account || ':' || wanted.status_id
            AND status IN ('todo', 'doing') AND task_name = 'alternator.errand'
            AND args -> 'number' = to_jsonb(of_number)
    ) THEN
        RETURN;
    END IF;
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args, scheduled_at)
        VALUES ('vision', 'alternator.errand', 2000, wanted.account || ':' || wanted.status_id,
            jsonb_build_object('account', wanted.account, 'number', of_number),
            to_timestamp(greatest(least(wanted.asked, alternator_now()), soonest)));
END $$;

-- Every post of an account with something that waits; of all accounts where none is named.
CREATE FUNCTION alternator_follow_all(of_account bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    post record;
    number bigint := 0;
BEGIN
    FOR post IN SELECT DISTINCT account, status_id, (account || ':' || status_id) COLLATE "C" AS lock
        FROM attachment WHERE state = 'waiting' AND (of_account IS NULL OR account = of_account)
        ORDER BY lock
    LOOP
        PERFORM alternator_follow_post(post.account, post.status_id);
        number := number + 1;
    END LOOP;
    RETURN number;
END $$;

CREATE FUNCTION alternator_attachments_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    post record;
BEGIN
    FOR post IN SELECT DISTINCT account, status_id, (account || ':' || status_id) COLLATE "C" AS lock
        FROM after_it WHERE state = 'waiting' ORDER BY lock
    LOOP
        PERFORM alternator_follow_post(post.account, post.status_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION alternator_attachments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    post record;
BEGIN
    FOR post IN SELECT account, status_id, (account || ':' || status_id) COLLATE "C" AS lock FROM (
        SELECT account, status_id FROM before_it WHERE state = 'waiting'
        UNION SELECT account, status_id FROM after_it WHERE state = 'waiting'
    ) AS both_sides ORDER BY lock
    LOOP
        PERFORM alternator_follow_post(post.account, post.status_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION alternator_attachments_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    post record;
BEGIN
    FOR post IN SELECT DISTINCT account, status_id, (account || ':' || status_id) COLLATE "C" AS lock
        FROM before_it WHERE state = 'waiting' ORDER BY lock
    LOOP
        PERFORM alternator_follow_post(post.account, post.status_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER alternator_attachments_added AFTER INSERT ON attachment
    REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_attachments_added();
CREATE TRIGGER alternator_attachments_changed AFTER UPDATE ON attachment
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_attachments_changed();
CREATE TRIGGER alternator_attachments_gone AFTER DELETE ON attachment
    REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_attachments_gone();

CREATE FUNCTION alternator_errand_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.ended IS NOT NULL THEN
        DELETE FROM procrastinate_jobs WHERE lock = OLD.account || ':' || OLD.status_id
            AND status = 'todo' AND task_name = 'alternator.errand'
            AND args -> 'number' = to_jsonb(OLD.number);
    ELSE
        PERFORM alternator_follow_errand(NEW.number);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER alternator_errand_asked AFTER INSERT ON errand
    FOR EACH ROW WHEN (NEW.ended IS NULL) EXECUTE FUNCTION alternator_errand_changed();
CREATE TRIGGER alternator_errand_changed AFTER UPDATE OF ended OR DELETE ON errand
    FOR EACH ROW EXECUTE FUNCTION alternator_errand_changed();

-- A job that ended although what it is for still waits: its post was held by an undo, say, or the
-- account is halted. It gets another one, a little later; much later for an account that is halted.
-- None where nobody works for the account: whoever has that go on makes its jobs.
CREATE FUNCTION alternator_job_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_account bigint := (OLD.args ->> 'account')::bigint;
    pause double precision := 15;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM watched WHERE account = of_account AND NOT paused) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM account WHERE id = of_account AND halted IS NOT NULL) THEN
        pause := 600;
    END IF;
    IF OLD.task_name = 'alternator.describe' THEN
        PERFORM alternator_follow_post(of_account, OLD.args ->> 'status_id', alternator_now() + pause);
    ELSE
        PERFORM alternator_follow_errand((OLD.args ->> 'number')::bigint, alternator_now() + pause);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER alternator_job_ended AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (
        OLD.status = 'doing' AND OLD.task_name IN ('alternator.describe', 'alternator.errand')
    ) EXECUTE FUNCTION alternator_job_ended();

-- Editing goes on: what waited for that is due as it was.
CREATE FUNCTION alternator_account_resumed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM alternator_follow_all(NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER alternator_account_resumed AFTER UPDATE OF halted ON account
    FOR EACH ROW WHEN (OLD.halted IS NOT NULL AND NEW.halted IS NULL)
    EXECUTE FUNCTION alternator_account_resumed();
