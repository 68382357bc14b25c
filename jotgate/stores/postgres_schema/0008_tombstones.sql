ALTER TABLE tombstones DROP CONSTRAINT tombstones_pkey;

ALTER TABLE tombstones ALTER COLUMN form SET DATA TYPE text COLLATE "C";

ALTER TABLE tombstones ADD PRIMARY KEY (tombstone, form);
