-- Who writes. Everything written is written by the holder: each transaction looks.
CREATE TABLE lease (
    name       TEXT    PRIMARY KEY,
    holder     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL -- milliseconds since 1970
) WITHOUT ROWID;

-- Up to which position the events of a log are in `past`.
ALTER TABLE checkpoint ADD COLUMN sorted INTEGER NOT NULL DEFAULT 0;
-- What was built before does not know it.
DELETE FROM fact;
DELETE FROM checkpoint;
DELETE FROM past;
DELETE FROM recent;
DELETE FROM generation;
