-- What waits to be recorded in a box. Nothing here says in which order it came, or with what: the key is
-- random. What was recorded is deleted, and vacuumed away at once.
CREATE TABLE boxed (
    box        TEXT  NOT NULL COLLATE "C", -- the box's stream
    part       TEXT  NOT NULL COLLATE "C", -- what lies in the same part is mixed
    key        BYTEA NOT NULL,             -- random
    event_type TEXT  NOT NULL,
    unit       TEXT  NOT NULL,
    payload    BYTEA NOT NULL,
    PRIMARY KEY (box, part, key)
);
