-- What is wrong with what all accounts share, as whoever notices it says: a worker that has lost its
-- GPU, the day's tokens. It holds until its time is over, so nobody has to take it back.

CREATE TABLE trouble (
    kind text PRIMARY KEY,
    said text NOT NULL,
    until double precision NOT NULL
);
