-- One log: every event once, in one order, with no gaps. The same tables as in SQLite.
CREATE TABLE event (
    position        BIGINT NOT NULL PRIMARY KEY,
    stream          TEXT   NOT NULL COLLATE "C",
    stream_version  BIGINT NOT NULL,
    event_id        BYTEA  NOT NULL,
    event_type      TEXT   NOT NULL,
    occurred_at     BIGINT NOT NULL, -- microseconds since 1970
    recorded_at     BIGINT NOT NULL, -- microseconds since 1970; never decreases
    actor           TEXT   NOT NULL,
    correlation_id  BYTEA  NOT NULL,
    causation_id    BYTEA  NOT NULL,
    jurisdiction    TEXT   NOT NULL,
    unit            TEXT   NOT NULL, -- empty: of no unit
    traceparent     TEXT   NOT NULL, -- empty: none
    payload         BYTEA  NOT NULL,
    chain_hash      BYTEA  NOT NULL  -- SHA-256 over the predecessor's and this row
);
CREATE UNIQUE INDEX event_by_stream ON event (stream, stream_version);

-- Where the log ends. Its lock puts the writers in one order. Room for updates that move no row elsewhere.
CREATE TABLE head (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    position    BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    chain_hash  BYTEA  NOT NULL,
    epoch       BYTEA  NOT NULL, -- random: tells a restored log from the one before
    batch       BIGINT NOT NULL  -- how many batches were written: one that was planned on another is stale
) WITH (fillfactor = 10);
INSERT INTO head VALUES (1, 0, 0, decode(repeat('00', 32), 'hex'), uuid_send(gen_random_uuid()), 0);

-- Every request that was answered, with its answer.
CREATE TABLE request (
    request_id  BYTEA  NOT NULL PRIMARY KEY,
    fingerprint BYTEA  NOT NULL, -- SHA-256 of the request's content
    answer      BYTEA  NOT NULL,
    position    BIGINT NOT NULL, -- the log's head after it
    recorded_at BIGINT NOT NULL
);

-- How far each consumer in this service has come in another service's log.
CREATE TABLE checkpoint (
    consumer TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    epoch    BYTEA  NOT NULL -- of the log that the position is in
);

-- What one process at a time does, and until when it does it.
CREATE TABLE lease (
    name       TEXT        NOT NULL PRIMARY KEY,
    holder     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL -- by the database's clock
);

-- Personal data: beside the log, erasable. Events carry the key alone.
CREATE TABLE vault (
    key     TEXT  NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL
);
