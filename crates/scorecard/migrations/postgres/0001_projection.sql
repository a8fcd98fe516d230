-- The projection's own tables: all of it comes from the logs and can be thrown away. The same as in SQLite.

-- Who writes. Everything written is written by the holder: each transaction looks.
CREATE TABLE lease (
    name       TEXT        NOT NULL PRIMARY KEY,
    holder     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL -- by the database's clock
);

-- What was built. At most one is current: the one that is read; another one is on its way or was given up.
CREATE TABLE generation (
    number  BIGINT NOT NULL PRIMARY KEY,
    format  BIGINT NOT NULL, -- of its facts
    current BIGINT NOT NULL  -- 1: it is the one that is read
);

-- How far a generation has come in each service's log. Written in the transaction of what it stands for.
CREATE TABLE checkpoint (
    generation  BIGINT NOT NULL,
    service     TEXT   NOT NULL,
    position    BIGINT NOT NULL, -- of the last event applied
    recorded_at BIGINT NOT NULL, -- of that event: microseconds since 1970
    epoch       BYTEA  NOT NULL, -- of the log: another one is another log
    sorted      BIGINT NOT NULL DEFAULT 0, -- up to this position its events are in `past`
    PRIMARY KEY (generation, service)
);

-- What is known, one row for each thing.
CREATE TABLE fact (
    generation BIGINT NOT NULL,
    kind       TEXT   NOT NULL COLLATE "C", -- unit, scheme, cycle, mark, entry, stratum, …
    key        TEXT   NOT NULL COLLATE "C", -- ids joined by `/`, the jurisdiction's first
    value      TEXT   NOT NULL, -- JSON
    PRIMARY KEY (generation, kind, key)
);

-- Every event that counts, by jurisdiction, in log order, many in a row: what «as of» is folded from.
CREATE TABLE past (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT   NOT NULL,
    number       BIGINT NOT NULL, -- 1, 2, 3 …
    events       BYTEA  NOT NULL,
    PRIMARY KEY (generation, jurisdiction, number)
);
-- They are packed already.
ALTER TABLE past ALTER COLUMN events SET STORAGE EXTERNAL;

-- The newest of them, as they came, a batch in a row, until they are sorted into `past`.
CREATE TABLE recent (
    generation BIGINT NOT NULL,
    number     BIGINT NOT NULL, -- 1, 2, 3 …
    events     BYTEA  NOT NULL,
    PRIMARY KEY (generation, number)
);
ALTER TABLE recent ALTER COLUMN events SET STORAGE EXTERNAL;
