CREATE TABLE forgotten (
    tombstone TEXT NOT NULL,
    form TEXT NOT NULL,
    forgotten_at REAL NOT NULL,
    PRIMARY KEY (tombstone, form)
) WITHOUT ROWID;

INSERT INTO forgotten (tombstone, form, forgotten_at) SELECT tombstone, form, forgotten_at FROM tombstones;

DROP TABLE tombstones;

ALTER TABLE forgotten RENAME TO tombstones;
