-- writes
-- slow
--- What belongs to one session or one statement, and must be one thing on many shards.

-- case: one time for all
SELECT count(DISTINCT now()), count(DISTINCT current_timestamp), count(DISTINCT localtimestamp), count(DISTINCT statement_timestamp()), count(DISTINCT transaction_timestamp()) FROM customers

SELECT count(DISTINCT current_date), count(DISTINCT current_time), count(DISTINCT localtime(0)), count(DISTINCT current_timestamp(3)) FROM customers

SELECT count(*) FROM customers WHERE now() = (SELECT now())

SELECT now() = min(now()), now() = max(now()) FROM customers

SELECT count(*) FROM (SELECT DISTINCT now() FROM customers UNION SELECT now() UNION SELECT now() FROM notes) x

BEGIN

CREATE TEMP TABLE started AS SELECT now() AS at

SELECT count(*) FROM started, (SELECT DISTINCT now() AS n FROM notes) x WHERE x.n = at

ROLLBACK

-- case: one server for all
SELECT count(DISTINCT current_database()), count(DISTINCT current_user), count(DISTINCT version()), count(DISTINCT current_setting('TimeZone')) FROM customers

SELECT count(DISTINCT current_setting('port')) FROM customers

SELECT count(DISTINCT random()) > 1, count(DISTINCT gen_random_uuid()) = count(*) FROM customers

SELECT count(DISTINCT r) FROM (SELECT random() AS r) x, customers

SELECT count(DISTINCT r) FROM customers, (SELECT random() AS r OFFSET 0) x

SELECT count(DISTINCT (SELECT random())) FROM customers

WITH r AS (SELECT random() AS r) SELECT count(DISTINCT r) FROM r, customers

SELECT setseed(0.5)

-- case: roles
CREATE ROLE reader

GRANT SELECT ON customers, countries TO reader

GRANT SELECT (id, status) ON orders TO reader

SET ROLE reader

SELECT current_user, session_user

SELECT count(*) FROM customers

SELECT count(*) FROM customers c JOIN countries k ON k.code = c.country

SELECT id, status FROM orders WHERE customer_id = 3 ORDER BY id

SELECT count(status) FROM orders

SELECT * FROM orders

SELECT total FROM orders WHERE customer_id = 3

SELECT * FROM items

SELECT count(*) FROM pages

INSERT INTO customers (id, name) VALUES (990, 'x')

INSERT INTO customers (id, name) VALUES (990, 'x'), (991, 'x'), (992, 'x')

UPDATE customers SET name = 'x'

DELETE FROM customers WHERE id = 3

CREATE TABLE forbidden (id int)

DROP TABLE customers

TRUNCATE customers

RESET ROLE

SELECT current_user

REVOKE SELECT ON customers FROM reader

BEGIN

SET LOCAL ROLE reader

SELECT current_user

SELECT count(*) FROM customers

ROLLBACK

SELECT current_user

SET SESSION AUTHORIZATION reader

SELECT current_user, session_user

SELECT count(*) FROM customers

RESET SESSION AUTHORIZATION

SET ROLE reader

SET SESSION AUTHORIZATION reader

SELECT current_user, session_user, current_setting('role')

RESET SESSION AUTHORIZATION

SELECT current_user, session_user, current_setting('role')

-- case: row level security
GRANT ALL ON customers, orders TO reader

ALTER TABLE customers ENABLE ROW LEVEL SECURITY

CREATE POLICY active_only ON customers FOR ALL TO reader USING (active) WITH CHECK (active)

SELECT count(*) FROM customers

SET ROLE reader

SELECT count(*) FROM customers

SELECT id FROM customers ORDER BY id

SELECT c.id, count(o.id) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY 1

UPDATE customers SET credit = 5

INSERT INTO customers (id, name, active) VALUES (993, 'x', false)

INSERT INTO customers (id, name, active) VALUES (994, 'x', true), (995, 'x', false), (996, 'x', true)

UPDATE customers SET active = false WHERE id = 3

DELETE FROM customers WHERE id = 994

RESET ROLE

DROP POLICY active_only ON customers

ALTER TABLE customers DISABLE ROW LEVEL SECURITY

REVOKE ALL ON customers, orders, countries FROM reader

DROP OWNED BY reader

DROP ROLE reader

DROP ROLE reader

-- case: a role that is made again
CREATE ROLE reader

GRANT SELECT ON customers TO reader

SET ROLE reader

SELECT current_user

SELECT count(*) FROM customers

RESET ROLE

DROP OWNED BY reader

DROP ROLE reader

-- case: views with security and writes
CREATE VIEW germans AS SELECT id, name, country FROM customers WHERE country = 'DE' WITH CHECK OPTION

SELECT count(*) FROM germans

SELECT id FROM germans WHERE id = 4

SELECT g.id, o.id FROM germans g JOIN orders o ON o.customer_id = g.id ORDER BY 1, 2

-- refused: SG053
UPDATE germans SET name = 'x' WHERE id = 4

DROP VIEW germans

CREATE VIEW renamed (k, n) AS SELECT id, upper(name) FROM customers

SELECT n FROM renamed WHERE k = 3

SELECT r.k, o.id FROM renamed r LEFT JOIN orders o ON o.customer_id = r.k ORDER BY 1, 2

SELECT a.k FROM renamed a JOIN renamed b ON a.k = b.k WHERE b.n LIKE 'A%' ORDER BY 1

CREATE VIEW nested AS SELECT k FROM renamed WHERE k > 5

SELECT count(*), min(k) FROM nested

DROP VIEW renamed

DROP VIEW nested, renamed

CREATE VIEW notes_view AS SELECT * FROM notes WHERE id < 100

INSERT INTO notes_view (id, body) VALUES (50, 'through a view')

UPDATE notes_view SET body = 'changed' WHERE id = 50

DELETE FROM notes_view WHERE id = 50 RETURNING *

DROP VIEW notes_view

CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5

SELECT c.id FROM counted n JOIN customers c ON c.id = n.n ORDER BY 1

DROP VIEW counted

-- case: triggers and rules of unsharded tables
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := upper(NEW.body); RETURN NEW; END $$

CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION stamp()

INSERT INTO notes (id, body) VALUES (60, 'quiet'), (61, 'quiet too') RETURNING body

UPDATE notes SET body = 'again' WHERE id = 60 RETURNING body

DROP TRIGGER stamp ON notes

DROP FUNCTION stamp()

CREATE RULE no_delete AS ON DELETE TO digits DO INSTEAD NOTHING

DELETE FROM digits

DROP RULE no_delete ON digits

-- case: triggers of sharded tables
CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$

CREATE TRIGGER loud BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION loud()

INSERT INTO customers (id, name) VALUES (800, 'quiet'), (801, 'quiet too'), (802, 'silent') RETURNING id, name

UPDATE customers SET name = name || '?' WHERE id >= 800 AND id < 810 RETURNING id, name

COPY customers (id, name) FROM STDIN;
803	copied
804	copied
\.

SELECT id, name FROM customers WHERE id BETWEEN 800 AND 809 ORDER BY id

DROP TRIGGER loud ON customers

DROP FUNCTION loud()

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row % is refused', OLD.id USING ERRCODE = '23000'; END $$

CREATE TRIGGER refuse BEFORE DELETE ON customers FOR EACH ROW WHEN (OLD.id = 5) EXECUTE FUNCTION refuse()

DELETE FROM customers WHERE id = 5

DELETE FROM customers WHERE id BETWEEN 4 AND 6

SELECT count(*) FROM customers WHERE id BETWEEN 4 AND 6

DROP TRIGGER refuse ON customers

DROP FUNCTION refuse()

-- case: serials and identities
CREATE TABLE numbered (id serial PRIMARY KEY, v text)

INSERT INTO numbered (v) VALUES ('a'), ('b') RETURNING id

INSERT INTO numbered (v) VALUES ('c') RETURNING id, v

-- refused: SG083
SELECT currval('numbered_id_seq') FROM numbered WHERE false

SELECT * FROM numbered ORDER BY id

DROP TABLE numbered

CREATE TABLE identified (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)

INSERT INTO identified (v) VALUES ('a'), ('b') RETURNING id

INSERT INTO identified (id, v) VALUES (5, 'x')

INSERT INTO identified (id, v) OVERRIDING SYSTEM VALUE VALUES (5, 'x') RETURNING id

DROP TABLE identified

CREATE TABLE spread (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v text)

-- gateway: SELECT create_distributed_table('spread', 'id')

INSERT INTO spread (v) VALUES ('a'), ('b'), ('c')

INSERT INTO spread (v) SELECT 'g' || g FROM generate_series(1, 20) g

INSERT INTO spread (v) VALUES ('d')

SELECT count(*), count(DISTINCT id), min(v), max(v) FROM spread

SELECT count(*) FROM spread s JOIN spread t ON s.id = t.id

DROP TABLE spread

CREATE TABLE random_key (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), v int)

-- gateway: SELECT create_distributed_table('random_key', 'id')

INSERT INTO random_key (v) VALUES (1), (2), (3)

INSERT INTO random_key (v) SELECT generate_series(1, 20)

SELECT count(DISTINCT id), sum(v) FROM random_key

SELECT count(*) FROM random_key a JOIN random_key b USING (id) WHERE a.v = b.v

DROP TABLE random_key

-- case: notices and notifications
DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$

DROP TABLE IF EXISTS nothing_at_all

CREATE TABLE IF NOT EXISTS customers (id int)

SET client_min_messages TO error

DROP TABLE IF EXISTS nothing_at_all

RESET client_min_messages

LISTEN news

NOTIFY news, 'hello'

SELECT pg_notify('news', 'again')

UNLISTEN *

NOTIFY news

BEGIN

LISTEN news

NOTIFY news, 'inside'

SELECT 1

COMMIT

UNLISTEN news

-- case: advisory locks
SELECT pg_advisory_lock(1)

SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2)

SELECT pg_advisory_unlock(1), pg_advisory_unlock(1), pg_advisory_unlock(2)

SELECT pg_advisory_unlock(1)

BEGIN

SELECT pg_advisory_xact_lock(5)

SELECT count(*) FROM customers

COMMIT

SELECT pg_advisory_unlock_all()

-- case: extensions
CREATE EXTENSION IF NOT EXISTS citext

CREATE TABLE people (name citext PRIMARY KEY, age int)

INSERT INTO people VALUES ('Ann', 1), ('bob', 2), ('CAT', 3)

SELECT age FROM people WHERE name = 'ANN'

SELECT name FROM people ORDER BY name

SELECT p.name, c.id FROM people p, customers c WHERE c.id = p.age ORDER BY 1

DROP TABLE people

CREATE EXTENSION pg_trgm

SELECT id FROM customers WHERE name % 'Cleo' ORDER BY id

SELECT id, similarity(name, 'Cleo') FROM customers ORDER BY 2 DESC, 1 LIMIT 5

CREATE INDEX by_trigram ON customers USING gin (name gin_trgm_ops)

SELECT id FROM customers WHERE name ILIKE '%leo%' ORDER BY id

DROP INDEX by_trigram

CREATE EXTENSION hstore

SELECT id, hstore('name', name) -> 'name' AS n FROM customers ORDER BY id

SELECT count(DISTINCT hstore('country', country::text)) FROM customers

DROP EXTENSION citext, pg_trgm, hstore
