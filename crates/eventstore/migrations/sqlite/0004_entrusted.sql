-- What was put in the vault for a request that may never be answered: then no event names its key.
CREATE TABLE entrusted (
    key        TEXT PRIMARY KEY,
    request_id BLOB    NOT NULL,
    put_at     INTEGER NOT NULL -- milliseconds since 1970, by SQLite's clock
) WITHOUT ROWID;
