-- Where the edge decides whose an event is, the cookie or the salt of the day that it did so by are gone when a refused
-- event is replayed: so what it decided is kept.
ALTER TABLE quarantine
    ADD COLUMN IF NOT EXISTS anonymous_id String COMMENT 'Anonymous id that the edge gave it; empty where that is left to the client',
    ADD COLUMN IF NOT EXISTS client_anonymous_id String COMMENT 'Anonymous id that the client sent, when the edge put its own in its place';
