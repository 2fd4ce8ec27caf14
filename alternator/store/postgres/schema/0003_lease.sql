-- A bot shares the accounts out every five seconds, and reads its own and those that nobody holds.

-- What a holder has, in the order in which it is given up; what nobody has; and who holds anything.
CREATE INDEX watched_by_holder ON watched (holder, paused, key);
-- By the names that people see (NAME in alternator/store/postgres/enrolment.py).
CREATE INDEX watched_by_name
    ON watched (source, lower(COALESCE(NULLIF(handle, ''), key) COLLATE "C"), key);
-- A holder's leases are renewed together: that changes nothing that an index knows of, so that it
-- stays on the page (https://www.postgresql.org/docs/15/storage-hot.html).
DROP INDEX watched_by_lease;
ALTER TABLE watched SET (fillfactor = 70);

-- How many accounts there are to share out: one row, so that nobody has to count them.
CREATE TABLE to_watch (number bigint NOT NULL);
INSERT INTO to_watch SELECT count(*) FROM watched WHERE NOT paused;

CREATE FUNCTION alternator_to_watch_more() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more bigint := (SELECT count(*) FROM after_it WHERE NOT paused);
BEGIN
    IF more > 0 THEN
        UPDATE to_watch SET number = number + more;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION alternator_to_watch_less() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    less bigint := (SELECT count(*) FROM before_it WHERE NOT paused);
BEGIN
    IF less > 0 THEN
        UPDATE to_watch SET number = number - less;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION alternator_to_watch_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE to_watch SET number = number + CASE WHEN NEW.paused THEN -1 ELSE 1 END;
    RETURN NULL;
END $$;
CREATE TRIGGER alternator_to_watch_more AFTER INSERT ON watched
    REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_to_watch_more();
CREATE TRIGGER alternator_to_watch_less AFTER DELETE ON watched
    REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_to_watch_less();
CREATE TRIGGER alternator_to_watch_changed AFTER UPDATE OF paused ON watched
    FOR EACH ROW WHEN (OLD.paused != NEW.paused) EXECUTE FUNCTION alternator_to_watch_changed();
