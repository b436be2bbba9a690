-- The rows that `./dev bench rest` asks for, alike for freshet (bench/rest.c), its peer (bench/peers/drf.py) and the floor
-- (bench/floor_sqlite.c): tables as Django makes them. Everything is computed from the row's number, so that each run has the same.
BEGIN;

-- 10,000 notes, about 130 bytes of JSON each, with titles as floor_sqlite makes them: every second one with quotes to escape,
-- as many with letters beyond ASCII.
CREATE TABLE note(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, done bool NOT NULL,
    priority integer NOT NULL, updated_at datetime NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000),
    word(n, w) AS (VALUES (0, 'river'), (1, 'meadow'), (2, '"quoted"'), (3, 'größer'), (4, 'table'), (5, 'of'), (6, 'contents'), (7, 'now')),
    place(k) AS (VALUES (10), (13), (16), (19), (22))
INSERT INTO note SELECT i,
    (SELECT group_concat(w, ' ') FROM place JOIN word ON n = i * 2654435761 % 4294967296 >> k & 7),
    i % 2, i * 7919 % 1000,
    strftime('%Y-%m-%d %H:%M:%S', '2026-01-01', (i * 48271 % 31000000) || ' seconds') || printf('.%06d', 1 + i * 7919 % 999999)
FROM n;
CREATE INDEX note_updated ON note(updated_at);

-- 50 people, 20 projects, 20 labels, 2,000 tickets with two labels and three comments each.
CREATE TABLE tracker_person(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, username varchar(150) NOT NULL UNIQUE,
    email varchar(254) NOT NULL, is_staff bool NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
INSERT INTO tracker_person SELECT i, 'person' || i, 'person' || i || '@example.com', i % 10 = 0 FROM n;

CREATE TABLE tracker_project(id char(32) NOT NULL PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, slug varchar(50) NOT NULL,
    description text NOT NULL, archived bool NOT NULL, created_at datetime NOT NULL, updated_at datetime NOT NULL,
    owner_id integer NULL REFERENCES tracker_person(id) DEFERRABLE INITIALLY DEFERRED);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO tracker_project SELECT printf('%08x00004000800000000000%04x', i * 2654435761 % 4294967296, i), 'Project ' || i,
    'project-' || i, 'What project ' || i || ' is for, in a sentence as people write it.', i % 7 = 0,
    '2026-01-02 03:04:05.000006', '2026-02-03 04:05:06.000007', 1 + i % 50 FROM n;
CREATE INDEX tracker_project_owner ON tracker_project(owner_id);

CREATE TABLE tracker_label(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(50) NOT NULL UNIQUE,
    slug varchar(50) NOT NULL UNIQUE, color varchar(10) NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO tracker_label SELECT i, 'Label ' || i, 'label-' || i, CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE 'blue' END
FROM n;

CREATE TABLE tracker_ticket(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, number integer unsigned NOT NULL CHECK (number >= 0),
    title varchar(80) NOT NULL, body text NOT NULL, state varchar(10) NOT NULL, priority integer NOT NULL, cost decimal NOT NULL,
    due date NULL, created_at datetime NOT NULL, updated_at datetime NOT NULL,
    assignee_id integer NULL REFERENCES tracker_person(id) DEFERRABLE INITIALLY DEFERRED,
    project_id char(32) NOT NULL REFERENCES tracker_project(id) DEFERRABLE INITIALLY DEFERRED);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO tracker_ticket SELECT i, i, 'Ticket ' || i || ', with a headline of one line', 'What happened, and what should have.',
    CASE i % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'open' WHEN 2 THEN 'done' ELSE 'wontfix' END, 1 + i % 3, i % 1000 + 0.25,
    CASE WHEN i % 2 THEN date('2026-01-01', (i % 365) || ' days') END, '2026-03-04 05:06:07.000008',
    strftime('%Y-%m-%d %H:%M:%S', '2026-03-05', i || ' minutes') || '.000009', CASE WHEN i % 5 THEN 1 + i % 50 END,
    (SELECT id FROM tracker_project WHERE name = 'Project ' || (1 + i % 20)) FROM n;
CREATE UNIQUE INDEX tracker_ticket_number ON tracker_ticket(project_id, number);
CREATE INDEX tracker_ticket_assignee ON tracker_ticket(assignee_id);
CREATE INDEX tracker_ticket_project ON tracker_ticket(project_id);

CREATE TABLE tracker_ticket_labels(id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    ticket_id bigint NOT NULL REFERENCES tracker_ticket(id) DEFERRABLE INITIALLY DEFERRED,
    label_id bigint NOT NULL REFERENCES tracker_label(id) DEFERRABLE INITIALLY DEFERRED);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
INSERT INTO tracker_ticket_labels SELECT i + 1, 1 + i / 2, 1 + (i / 2 + i % 2 * 7) % 20 FROM n;
CREATE UNIQUE INDEX tracker_ticket_labels_uniq ON tracker_ticket_labels(ticket_id, label_id);
CREATE INDEX tracker_ticket_labels_ticket ON tracker_ticket_labels(ticket_id);
CREATE INDEX tracker_ticket_labels_label ON tracker_ticket_labels(label_id);

CREATE TABLE tracker_comment(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, text text NOT NULL, created_at datetime NOT NULL,
    author_id integer NOT NULL REFERENCES tracker_person(id) DEFERRABLE INITIALLY DEFERRED,
    ticket_id bigint NOT NULL REFERENCES tracker_ticket(id) DEFERRABLE INITIALLY DEFERRED);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
INSERT INTO tracker_comment SELECT i + 1, 'Comment ' || i || ', a line or so as people leave it.', '2026-04-05 06:07:08.000009',
    1 + i % 50, 1 + i / 3 FROM n;
CREATE INDEX tracker_comment_author ON tracker_comment(author_id);
CREATE INDEX tracker_comment_ticket ON tracker_comment(ticket_id);

CREATE TABLE tracker_order(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, customer varchar(40) NOT NULL);
CREATE TABLE tracker_orderline(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, sku varchar(12) NOT NULL,
    quantity integer unsigned NOT NULL CHECK (quantity >= 0), price decimal NOT NULL,
    order_id bigint NOT NULL REFERENCES tracker_order(id) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX tracker_orderline_order ON tracker_orderline(order_id);

COMMIT;
