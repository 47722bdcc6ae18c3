-- case: syntax
SELEC 1

SELECT * FORM customers

SELECT * FROM customers WHERE

SELECT (1

SELECT 'unterminated

SELECT "unterminated

SELECT 1 2

SELECT * FROM customers WHERE id = 

SELECT $1

INSERT customers VALUES (1)

UPDATE customers name = 'x'

DELETE customers

CREATE TABLE

SELECT * FROM customers ORDER id

SELECT 1;; x

SELECT ä ö ü FROM customers

SELECT 'ä', id, FROM customers

-- case: names
SELECT * FROM nothing

SELECT * FROM public.nothing

SELECT * FROM nowhere.customers

SELECT nothing FROM customers

SELECT c.nothing FROM customers c

SELECT x.id FROM customers c

SELECT 'äöü', nothing FROM customers

SELECT id, nothing FROM customers WHERE id = 3

SELECT nonsense(id) FROM customers

SELECT nonsense(id) FROM customers WHERE id = 3

SELECT id FROM customers WHERE nonsense = 3

SELECT id FROM customers ORDER BY nothing

SELECT id FROM customers GROUP BY nothing

SELECT id::nonsense FROM customers

SELECT sum(nothing) FROM customers

SELECT nothing.* FROM customers

SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.nothing

SELECT id FROM customers WHERE id IN (SELECT nothing FROM orders)

SELECT nothing, count(*) FROM customers GROUP BY 1

SELECT id FROM customers JOIN orders USING (id, nothing)

SELECT naem FROM customers

SELECT "ID" FROM customers

-- case: types
SELECT id + name FROM customers

SELECT name + 1 FROM customers WHERE id = 3

SELECT * FROM customers WHERE id = 'x'

SELECT * FROM customers WHERE name = 3

SELECT * FROM customers WHERE name = 3 AND id = 3

SELECT * FROM customers WHERE name

SELECT id FROM customers WHERE credit = 'abc'

SELECT id FROM customers WHERE joined = '2024-13-45'

SELECT id FROM customers WHERE joined = '2024-13-45' AND id = 3

SELECT id FROM customers WHERE feeling = 'angry'

SELECT id FROM customers LIMIT 'many'

SELECT CASE WHEN id THEN 1 END FROM customers

SELECT id FROM customers WHERE id = (1, 2)

SELECT id FROM customers WHERE (id, name) = (1, 2, 3)

SELECT id FROM customers WHERE id IN (SELECT id, customer_id FROM orders)

SELECT id FROM customers UNION SELECT name FROM customers

SELECT -name FROM customers

SELECT upper(1, 2) FROM customers

-- case: while it runs
SELECT 1 / 0

SELECT 1 / 0 FROM customers

SELECT id / 0 FROM customers WHERE id = 3

SELECT 10 / (id - 3) FROM customers WHERE id = 3

SELECT 10 / (id - 3) FROM customers

SELECT name::int FROM customers WHERE id = 3

SELECT sqrt(-1)

SELECT sqrt(-1) FROM customers

SELECT id::smallint FROM customers

SELECT ('x' || id)::int FROM customers WHERE id = 7

SELECT 2147483647 + 1

SELECT 'a'::char(1) || 1 / 0

SELECT sum(1 / id) FROM customers

SELECT substring('abc' FROM -1 FOR -2)

SELECT * FROM generate_series(1, 3, 0)

SELECT (ARRAY[1,2])[1][1], ('{1,2}'::int[])['x']

SELECT '{"a":'::jsonb

SELECT '{"a":'::jsonb FROM customers WHERE id = 3

SELECT to_timestamp('x', 'YYYY')

SELECT pg_sleep(-1), current_setting('no.such')

SELECT 1 AS a, 2 AS a ORDER BY a

SELECT * FROM (SELECT 1 AS a, 2 AS a) x ORDER BY a

SELECT DISTINCT id FROM customers ORDER BY name

SELECT DISTINCT ON (country) id FROM customers ORDER BY id

SELECT id FROM customers FOR UPDATE LIMIT 1 OFFSET

-- may differ: message, hint
SELECT count(*) FROM customers FOR UPDATE

WITH x AS (SELECT 1) SELECT * FROM y

WITH RECURSIVE x AS (SELECT 1 UNION SELECT * FROM x ORDER BY 1) SELECT * FROM x

SELECT rank() FROM customers

SELECT lag(id) OVER w FROM customers

-- case: in functions
DO $$ BEGIN RAISE EXCEPTION 'raised %', 5 USING HINT = 'a hint', DETAIL = 'a detail', ERRCODE = 'P0123'; END $$

DO $$ BEGIN RAISE NOTICE 'noticed %', 5; END $$

DO $$ BEGIN RAISE WARNING 'warned'; END $$

DO $$ BEGIN PERFORM 1 / 0; END $$

CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$

SELECT broken()

DROP FUNCTION broken()

CREATE FUNCTION wrong() RETURNS int LANGUAGE sql AS 'SELECT nothing'

SELECT repeat('x', -1), chr(0)
