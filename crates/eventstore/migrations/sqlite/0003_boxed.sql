-- What waits to be recorded in a box. Nothing here says in which order it came, or with what: the key is
-- random, and rows lie in its order.
CREATE TABLE boxed (
    box        TEXT NOT NULL, -- the box's stream
    part       TEXT NOT NULL, -- what lies in the same part is mixed
    key        BLOB NOT NULL, -- random
    event_type TEXT NOT NULL,
    unit       TEXT NOT NULL,
    payload    BLOB NOT NULL,
    PRIMARY KEY (box, part, key)
) WITHOUT ROWID;
