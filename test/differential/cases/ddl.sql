-- writes
-- slow
-- case: columns
ALTER TABLE orders ADD COLUMN weight numeric(5,1) DEFAULT 1.5, ADD COLUMN carrier text

SELECT customer_id, id, weight, carrier FROM orders WHERE weight = 1.5

UPDATE orders SET carrier = 'ship' WHERE customer_id = 3

SELECT * FROM orders WHERE customer_id = 3 ORDER BY id

ALTER TABLE orders ALTER COLUMN carrier SET NOT NULL

ALTER TABLE orders ALTER COLUMN carrier SET DEFAULT 'train'

INSERT INTO orders (customer_id, id) VALUES (1, 9001), (2, 9001), (3, 9001) RETURNING carrier, weight

DELETE FROM orders WHERE id = 9001

ALTER TABLE orders ALTER COLUMN weight TYPE int USING round(weight)

SELECT sum(weight), pg_typeof(min(weight)) FROM orders

ALTER TABLE orders RENAME COLUMN weight TO mass

SELECT mass FROM orders WHERE customer_id = 3

SELECT weight FROM orders

ALTER TABLE orders DROP COLUMN mass, DROP COLUMN carrier

SELECT * FROM orders ORDER BY customer_id, id LIMIT 2

ALTER TABLE orders DROP COLUMN mass

ALTER TABLE orders DROP COLUMN IF EXISTS mass

ALTER TABLE orders ADD COLUMN total int

ALTER TABLE nothing ADD COLUMN x int

ALTER TABLE IF EXISTS nothing ADD COLUMN x int

-- case: constraints
ALTER TABLE orders ADD CONSTRAINT total_is_small CHECK (total < 100)

ALTER TABLE orders ADD CONSTRAINT total_is_not_huge CHECK (total < 1000000)

INSERT INTO orders (customer_id, id, total) VALUES (1, 9002, 2000000)

ALTER TABLE orders DROP CONSTRAINT total_is_not_huge

ALTER TABLE orders DROP CONSTRAINT nothing

ALTER TABLE shop.customers ADD CONSTRAINT name_is_unique UNIQUE (id, name)

INSERT INTO shop.customers VALUES (1, 'x', true)

ALTER TABLE shop.customers DROP CONSTRAINT name_is_unique

-- case: indexes
CREATE INDEX customers_by_name ON customers (name)

CREATE INDEX customers_by_name ON customers (name)

CREATE INDEX IF NOT EXISTS customers_by_name ON customers (name)

CREATE INDEX CONCURRENTLY customers_by_country ON customers (country) WHERE active

CREATE UNIQUE INDEX orders_unique ON orders (customer_id, placed, id)

SELECT indexdef FROM pg_indexes WHERE tablename = 'customers' ORDER BY indexname

DROP INDEX customers_by_name, customers_by_country, orders_unique

DROP INDEX customers_by_name

DROP INDEX IF EXISTS customers_by_name

REINDEX TABLE customers

ANALYZE customers

VACUUM customers

-- case: tables
CREATE TABLE made (id int PRIMARY KEY, name text UNIQUE, n int CHECK (n > 0))

CREATE TABLE made (id int)

CREATE TABLE IF NOT EXISTS made (id int)

INSERT INTO made VALUES (1, 'a', 1), (2, 'b', 2)

INSERT INTO made VALUES (3, 'a', 1)

INSERT INTO made VALUES (3, 'c', 0)

COMMENT ON TABLE made IS 'a comment'

SELECT obj_description('made'::regclass)

ALTER TABLE made RENAME TO renamed

SELECT * FROM made

SELECT * FROM renamed ORDER BY id

DROP TABLE renamed

DROP TABLE renamed

DROP TABLE IF EXISTS renamed

CREATE TABLE copied AS SELECT id, name FROM customers WHERE id < 10

SELECT * FROM copied ORDER BY id

SELECT id, name INTO copied_2 FROM customers WHERE id = 3

SELECT * FROM copied_2

DROP TABLE copied, copied_2

CREATE TABLE bad (id int, id int)

CREATE TABLE bad (id nonsense)

-- case: sharded tables of all kinds
CREATE TABLE by_date (day date NOT NULL, n int, PRIMARY KEY (day, n))

-- gateway: SELECT create_distributed_table('by_date', 'day')

INSERT INTO by_date SELECT date '2024-01-01' + g, g FROM generate_series(1, 20) g

SELECT * FROM by_date WHERE day = '2024-01-05'

SELECT * FROM by_date ORDER BY day LIMIT 3

SELECT n FROM by_date WHERE day = date '2024-01-05' + 1

SELECT n FROM by_date WHERE day = '5 January 2024'

DROP TABLE by_date

CREATE TABLE by_small (id smallint PRIMARY KEY, v text)

INSERT INTO by_small VALUES (1, 'before'), (-7, 'before'), (300, 'before')

-- gateway: SELECT create_distributed_table('by_small', 'id')

SELECT * FROM by_small ORDER BY id

INSERT INTO by_small VALUES (5, 'after')

SELECT * FROM by_small WHERE id = 300

SELECT * FROM by_small WHERE id = 70000

-- gateway: SELECT undistribute_table('by_small')

SELECT * FROM by_small ORDER BY id

DROP TABLE by_small

CREATE TABLE by_varchar (name varchar(5) PRIMARY KEY, n numeric)

-- gateway: SELECT create_distributed_table('by_varchar', 'name')

INSERT INTO by_varchar VALUES ('a', 1), ('abcde  ', 2), ('b  ', 3)

SELECT name || '|', n FROM by_varchar ORDER BY 1

SELECT n FROM by_varchar WHERE name = 'abcde'

SELECT n FROM by_varchar WHERE name = 'b'

INSERT INTO by_varchar VALUES ('toolong', 4)

DROP TABLE by_varchar

CREATE TABLE by_char (code char(5) PRIMARY KEY, n int)

-- gateway: SELECT create_distributed_table('by_char', 'code')

INSERT INTO by_char VALUES ('a', 1), ('b  ', 2), ('', 3), ('abcde', 4)

SELECT code || '|', n FROM by_char ORDER BY 1

SELECT n FROM by_char WHERE code = 'a'

SELECT n FROM by_char WHERE code = 'a    '

SELECT n FROM by_char WHERE code = 'a'::text

SELECT n FROM by_char WHERE code IN ('b', 'abcde ') ORDER BY n

DROP TABLE by_char

CREATE TABLE by_numeric (id numeric PRIMARY KEY, v int)

-- gateway: SELECT create_distributed_table('by_numeric', 'id')

INSERT INTO by_numeric VALUES (1.0, 1), (2.50, 2), (1e20, 3), (-0.5, 4), ('NaN', 5)

SELECT v FROM by_numeric WHERE id = 1

SELECT v FROM by_numeric WHERE id = 2.5

SELECT v FROM by_numeric WHERE id = 100000000000000000000

SELECT v FROM by_numeric WHERE id = 'NaN'

SELECT v FROM by_numeric WHERE id = -.5

SELECT v FROM by_numeric WHERE id = 1.00::numeric(5,2)

SELECT * FROM by_numeric ORDER BY id

DROP TABLE by_numeric

CREATE TABLE by_timestamptz (at timestamptz PRIMARY KEY, v int)

-- gateway: SELECT create_distributed_table('by_timestamptz', 'at')

SET timezone TO 'Europe/Berlin'

INSERT INTO by_timestamptz VALUES ('2024-01-01 00:00:00+00', 1), ('2024-07-01 12:00:00+02', 2)

SELECT v FROM by_timestamptz WHERE at = '2024-01-01T01:00:00+01'

SELECT v FROM by_timestamptz WHERE at = timestamptz '2024-07-01 10:00:00Z'

SELECT * FROM by_timestamptz ORDER BY at

DROP TABLE by_timestamptz

RESET timezone

CREATE TABLE by_bool (flag boolean PRIMARY KEY, v int)

-- gateway: SELECT create_distributed_table('by_bool', 'flag')

INSERT INTO by_bool VALUES (true, 1), (false, 0)

SELECT v FROM by_bool WHERE flag

SELECT v FROM by_bool WHERE flag = 'yes'

SELECT v FROM by_bool WHERE NOT flag

SELECT v FROM by_bool WHERE flag IS TRUE

DROP TABLE by_bool

CREATE TABLE by_bytea (b bytea PRIMARY KEY, v int)

-- gateway: SELECT create_distributed_table('by_bytea', 'b')

INSERT INTO by_bytea VALUES ('\x00ff', 1), ('abc', 2), ('', 3)

SELECT v FROM by_bytea WHERE b = '\x00FF'

SELECT v FROM by_bytea WHERE b = '\x616263'

SELECT v FROM by_bytea WHERE b = 'a\142c'

DROP TABLE by_bytea

-- case: truncating and dropping with dependencies
DROP TABLE customers

DROP TABLE countries, nothing

CREATE VIEW one_more AS SELECT * FROM customers WHERE id > 5

DROP VIEW one_more

CREATE OR REPLACE VIEW status_totals AS SELECT status, count(*) AS orders, sum(total) AS total FROM orders GROUP BY status

CREATE SCHEMA more

CREATE TABLE more.things (id int)

DROP SCHEMA more

DROP SCHEMA more CASCADE

CREATE SEQUENCE counting START 5

SELECT nextval('counting')

SELECT nextval('counting'), currval('counting')

SELECT setval('counting', 100)

BEGIN

SELECT nextval('counting'), lastval()

SELECT currval('counting'), lastval()

COMMIT

DROP SEQUENCE counting

CREATE TYPE colour AS ENUM ('red', 'green')

ALTER TYPE colour ADD VALUE 'blue' BEFORE 'green'

SELECT enum_range(NULL::colour)

DROP TYPE colour

CREATE FUNCTION thrice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * 3'

SELECT id, thrice(id) FROM customers WHERE thrice(id) > 60 ORDER BY id

DROP FUNCTION thrice(int)

DROP FUNCTION thrice(int)

CREATE TEMP TABLE fleeting (id int, v text)

INSERT INTO fleeting VALUES (1, 'a'), (2, 'b')

SELECT * FROM fleeting ORDER BY id

SELECT f.v, k.name FROM fleeting f, countries k ORDER BY 1, 2

DROP TABLE fleeting
