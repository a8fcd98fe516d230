-- What one process at a time does, and until when it does it.
CREATE TABLE lease (
    name       TEXT    PRIMARY KEY,
    holder     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL -- milliseconds since 1970, by the database's clock
) WITHOUT ROWID;

-- A checkpoint says of which log. Those without are forgotten: what is delivered again changes nothing.
DROP TABLE checkpoint;
CREATE TABLE checkpoint (
    consumer TEXT    PRIMARY KEY,
    position INTEGER NOT NULL,
    epoch    BLOB    NOT NULL -- of the log that the position is in
) WITHOUT ROWID;
