-- How far the projection has come in each service's log. Written in the transaction of what it stands for.
CREATE TABLE checkpoint (
    service     TEXT    PRIMARY KEY,
    position    INTEGER NOT NULL, -- of the last event applied
    recorded_at INTEGER NOT NULL, -- of that event: microseconds since 1970
    epoch       BLOB    NOT NULL  -- of the log: another one is another log
) WITHOUT ROWID;

-- What is known, one row for each thing: all of it comes from the logs and can be thrown away.
CREATE TABLE fact (
    kind  TEXT NOT NULL, -- unit, scheme, cycle, mark, entry, stratum, …
    key   TEXT NOT NULL, -- ids joined by `/`, the jurisdiction's first
    value TEXT NOT NULL, -- JSON
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
