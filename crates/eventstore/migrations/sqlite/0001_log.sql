-- One log: every event once, in one order, with no gaps.
CREATE TABLE event (
    position        INTEGER PRIMARY KEY,
    stream          TEXT    NOT NULL,
    stream_version  INTEGER NOT NULL,
    event_id        BLOB    NOT NULL,
    event_type      TEXT    NOT NULL,
    occurred_at     INTEGER NOT NULL, -- microseconds since 1970
    recorded_at     INTEGER NOT NULL, -- microseconds since 1970; never decreases
    actor           TEXT    NOT NULL,
    correlation_id  BLOB    NOT NULL,
    causation_id    BLOB    NOT NULL,
    jurisdiction    TEXT    NOT NULL,
    unit            TEXT    NOT NULL, -- empty: of no unit
    traceparent     TEXT    NOT NULL, -- empty: none
    payload         BLOB    NOT NULL,
    chain_hash      BLOB    NOT NULL  -- SHA-256 over the predecessor's and this row
);
CREATE UNIQUE INDEX event_by_stream ON event (stream, stream_version);

-- Where the log ends. Updated last in every append.
CREATE TABLE head (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    position    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    chain_hash  BLOB    NOT NULL,
    epoch       BLOB    NOT NULL -- random: tells a restored log from the one before
);
INSERT INTO head VALUES (1, 0, 0, zeroblob(32), randomblob(16));

-- Every request that was answered, with its answer.
CREATE TABLE request (
    request_id  BLOB    PRIMARY KEY,
    fingerprint BLOB    NOT NULL, -- SHA-256 of the request's content
    answer      BLOB    NOT NULL,
    position    INTEGER NOT NULL, -- the log's head after it
    recorded_at INTEGER NOT NULL
) WITHOUT ROWID;

-- How far each consumer in this service has come in another service's log.
CREATE TABLE checkpoint (
    consumer TEXT    PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

-- Personal data: beside the log, erasable. Events carry the key alone.
CREATE TABLE vault (
    key     TEXT PRIMARY KEY,
    content BLOB NOT NULL
) WITHOUT ROWID;
