-- Everything is kept by generation: a rebuild fills a generation of its own beside the one that is read.
DROP TABLE checkpoint;
DROP TABLE fact;

-- What was built. At most one is current: the one that is read; another one is on its way or was given up.
CREATE TABLE generation (
    number  INTEGER PRIMARY KEY,
    format  INTEGER NOT NULL, -- of its facts
    current INTEGER NOT NULL  -- 1: it is the one that is read
);

-- How far a generation has come in each service's log. Written in the transaction of what it stands for.
CREATE TABLE checkpoint (
    generation  INTEGER NOT NULL,
    service     TEXT    NOT NULL,
    position    INTEGER NOT NULL, -- of the last event applied
    recorded_at INTEGER NOT NULL, -- of that event: microseconds since 1970
    epoch       BLOB    NOT NULL, -- of the log: another one is another log
    PRIMARY KEY (generation, service)
) WITHOUT ROWID;

-- What is known, one row for each thing: all of it comes from the logs and can be thrown away.
CREATE TABLE fact (
    generation INTEGER NOT NULL,
    kind       TEXT    NOT NULL, -- unit, scheme, cycle, mark, entry, stratum, …
    key        TEXT    NOT NULL, -- ids joined by `/`, the jurisdiction's first
    value      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (generation, kind, key)
) WITHOUT ROWID;

-- Every event that counts, by jurisdiction, in log order, many in a row: what «as of» is folded from.
CREATE TABLE past (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT    NOT NULL,
    number       INTEGER NOT NULL, -- 1, 2, 3 …
    events       BLOB    NOT NULL,
    PRIMARY KEY (generation, jurisdiction, number)
);

-- The newest of them, as they came, a batch in a row, until they are sorted into `past`.
CREATE TABLE recent (
    generation INTEGER NOT NULL,
    number     INTEGER NOT NULL, -- 1, 2, 3 …
    events     BLOB    NOT NULL,
    PRIMARY KEY (generation, number)
);
