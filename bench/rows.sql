-- The rows of `./dev bench rows`: @ROWS@ entries in 100 rooms, with an index for each way they are asked for.
BEGIN;
CREATE TABLE entry(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, room varchar(20) NOT NULL, text varchar(200) NOT NULL,
    at datetime NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @ROWS@)
INSERT INTO entry SELECT i, 'room' || (i % 100), 'entry ' || i || ', a line as people write it',
    strftime('%Y-%m-%d %H:%M:%S', 1767225600 + i, 'unixepoch') || '.000001' FROM n;
CREATE INDEX entry_room ON entry(room);
CREATE INDEX entry_at ON entry(at);
COMMIT;
