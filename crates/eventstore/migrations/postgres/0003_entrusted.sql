-- What was put in the vault for a request that may never be answered: then no event names its key.
CREATE TABLE entrusted (
    key        TEXT        NOT NULL PRIMARY KEY,
    request_id BYTEA       NOT NULL,
    put_at     TIMESTAMPTZ NOT NULL -- by the database's clock
);
