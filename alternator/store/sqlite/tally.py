"""How many attachments of an account are done with, by their state: the table ``tally``.

Triggers keep it up, so that no page has to count an account's posts
(https://www.sqlite.org/lang_createtrigger.html).
"""

DONE = "('described', 'left', 'failed')"
TABLE = f"""
CREATE TABLE tally (
    account INTEGER NOT NULL REFERENCES account (id),
    state TEXT NOT NULL CHECK (state IN {DONE}),
    number INTEGER NOT NULL,
    PRIMARY KEY (account, state)
) WITHOUT ROWID
"""
MORE = (
    "INSERT INTO tally (account, state, number) VALUES (NEW.account, NEW.state, 1) "
    "ON CONFLICT (account, state) DO UPDATE SET number = number + 1;"
)
LESS = "UPDATE tally SET number = number - 1 WHERE account = OLD.account AND state = OLD.state;"
ADDED = f"""
CREATE TRIGGER attachment_tallied AFTER INSERT ON attachment WHEN NEW.state IN {DONE}
BEGIN {MORE} END
"""
LEFT = f"""
CREATE TRIGGER attachment_untallied AFTER UPDATE OF state ON attachment
    WHEN OLD.state != NEW.state AND OLD.state IN {DONE}
BEGIN {LESS} END
"""
CAME = f"""
CREATE TRIGGER attachment_retallied AFTER UPDATE OF state ON attachment
    WHEN OLD.state != NEW.state AND NEW.state IN {DONE}
BEGIN {MORE} END
"""
GONE = f"""
CREATE TRIGGER attachment_gone AFTER DELETE ON attachment WHEN OLD.state IN {DONE}
BEGIN {LESS} END
"""
COUNTED = f"""
INSERT INTO tally (account, state, number)
    SELECT account, state, COUNT(*) FROM attachment WHERE state IN {DONE} GROUP BY account, state
"""

TALLY = (TABLE, ADDED, LEFT, CAME, GONE, COUNTED)
