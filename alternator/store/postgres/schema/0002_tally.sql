-- How many attachments of each account are done with, by their state: changed in the transaction
-- that changes an attachment, so that no page has to count an account's posts.
--
-- A row is a change of a number, which is the sum of its rows. One row that all wrote would have the
-- transactions of an account wait for each other's ends, and deadlock where they take their posts in
-- different orders. So each adds a row, and one in 64 puts the account's rows together.

CREATE TABLE tally (
    id bigint GENERATED ALWAYS AS IDENTITY,
    -- No reference: to look after it, each change would lock the account's row. Whoever erases an
    -- account takes these rows away.
    account bigint NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('described', 'left', 'failed')),
    number bigint NOT NULL
);
CREATE INDEX tally_by_account ON tally (account);

-- Rows that somebody else is at are left to them.
CREATE FUNCTION alternator_put_together(of_account bigint) RETURNS void LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM tally WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM tally WHERE account = of_account FOR UPDATE SKIP LOCKED
        )) RETURNING state, number
    )
    INSERT INTO tally (account, state, number)
        SELECT of_account, state, sum(number) FROM gone GROUP BY state HAVING sum(number) != 0
$$;

CREATE FUNCTION alternator_attachment_tallied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    less bigint := 1;
    more bigint := 1;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state IN ('described', 'left', 'failed') THEN
        INSERT INTO tally (account, state, number) VALUES (OLD.account, OLD.state, -1)
            RETURNING id INTO less;
    END IF;
    IF NEW.state IN ('described', 'left', 'failed') THEN
        INSERT INTO tally (account, state, number) VALUES (NEW.account, NEW.state, 1)
            RETURNING id INTO more;
    END IF;
    -- Of either kind: where they alternate, every 64th may be of one kind alone.
    IF less % 64 = 0 OR more % 64 = 0 THEN
        PERFORM alternator_put_together(NEW.account);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION alternator_attachments_untallied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally (account, state, number)
        SELECT account, state, -count(*) FROM before_it
        WHERE state IN ('described', 'left', 'failed') GROUP BY account, state;
    RETURN NULL;
END $$;

-- What is found and taken costs a comparison.
CREATE TRIGGER alternator_attachment_tallied AFTER INSERT ON attachment
    FOR EACH ROW WHEN (NEW.state IN ('described', 'left', 'failed'))
    EXECUTE FUNCTION alternator_attachment_tallied();
CREATE TRIGGER alternator_attachment_retallied AFTER UPDATE OF state ON attachment
    FOR EACH ROW WHEN (
        OLD.state != NEW.state AND (OLD.state IN ('described', 'left', 'failed')
            OR NEW.state IN ('described', 'left', 'failed'))
    ) EXECUTE FUNCTION alternator_attachment_tallied();
CREATE TRIGGER alternator_attachments_untallied AFTER DELETE ON attachment
    REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION alternator_attachments_untallied();

-- Nobody changes an attachment from the triggers above to the end of this.
INSERT INTO tally (account, state, number)
    SELECT account, state, count(*) FROM attachment
    WHERE state IN ('described', 'left', 'failed') GROUP BY account, state;

-- Those of which nothing is edited any more: few, among many.
CREATE INDEX account_halted ON account (id) WHERE halted IS NOT NULL;
