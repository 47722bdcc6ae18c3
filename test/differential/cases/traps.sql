-- writes
-- slow
--- Things that mislead a planner: names, scopes, casts, functions, sessions.

-- case: names that the gateway might use itself
WITH shardgres_g1 AS (SELECT 1 AS shardgres_c1) SELECT g.shardgres_c1, count(*) FROM customers c, shardgres_g1 g GROUP BY 1

WITH shardgres_g1 (shardgres_c1) AS (SELECT id FROM customers) SELECT sum(a.shardgres_c1), count(*) FROM shardgres_g1 a JOIN shardgres_g1 b ON a.shardgres_c1 = b.shardgres_c1 + 1 WHERE a.shardgres_c1 < 100 AND b.shardgres_c1 < 100

SELECT id AS shardgres_c1, count(*) AS shardgres_c2, name AS shardgres_sort_1 FROM customers GROUP BY id, name ORDER BY shardgres_sort_1, 1

SELECT 'shardgres:shardgres_g1' AS x, count(*) FROM customers

CREATE TABLE shardgres_g1 (id int PRIMARY KEY, shardgres_c1 text)

-- gateway: SELECT create_distributed_table('shardgres_g1', 'id')

INSERT INTO shardgres_g1 VALUES (1, 'a'), (2, 'b'), (3, 'c')

SELECT count(*), max(shardgres_c1) FROM shardgres_g1

SELECT a.shardgres_c1, b.shardgres_c1 FROM shardgres_g1 a, shardgres_g1 b WHERE a.id = b.id + 1 ORDER BY 1

DROP TABLE shardgres_g1

CREATE TABLE "select" ("from" int PRIMARY KEY, "order" text, "desc" int)

-- gateway: SELECT create_distributed_table('"select"', '"from"')

INSERT INTO "select" VALUES (1, 'x', 2), (2, 'y', 1), (3, 'z', NULL)

SELECT "from", "order" FROM "select" ORDER BY "desc" DESC NULLS LAST, "order"

SELECT max("order") AS "group", "desc" + 1 AS "where" FROM "select" GROUP BY "desc" ORDER BY "where"

SELECT "select"."from" FROM "select" WHERE "select"."from" = 2

UPDATE "select" SET "order" = "order" || "from"

DROP TABLE "select"

-- case: scopes
SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = id) ORDER BY id

SELECT id FROM customers WHERE id IN (SELECT id FROM orders) ORDER BY id

SELECT id FROM customers c WHERE id = (SELECT max(id) FROM shop.customers WHERE id = c.id) ORDER BY id

SELECT id FROM customers WHERE id IN (SELECT customers.id FROM shop.customers x WHERE x.vip) ORDER BY id

SELECT c.id FROM customers c JOIN (SELECT id FROM orders) o ON o.id = c.id ORDER BY 1

SELECT customers.id FROM shop.customers JOIN orders ON customers.id = orders.customer_id ORDER BY 1, orders.id

SELECT name AS id, id AS name FROM customers WHERE id = 3

SELECT x.id FROM (SELECT name AS id, id AS name FROM customers) x WHERE x.name = 3

SELECT x.id FROM (SELECT id + 0 AS id FROM customers) x WHERE x.id = 3

SELECT x.id FROM (SELECT id FROM customers UNION ALL SELECT id FROM shop.customers) x WHERE x.id = 3 ORDER BY 1

SELECT x.id FROM (SELECT id FROM customers WHERE id = 3 UNION ALL SELECT id FROM shop.customers WHERE id = 4) x ORDER BY 1

SELECT x.id, x.n FROM (SELECT id, count(*) OVER () AS n FROM customers) x WHERE x.id = 3

SELECT x.id, x.n FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM customers) x WHERE x.id = 3

SELECT x.id FROM (SELECT id FROM customers ORDER BY id LIMIT 3) x WHERE x.id = 3

SELECT x.country FROM (SELECT DISTINCT ON (country) id, country FROM customers ORDER BY country, id) x WHERE x.id = 3

SELECT x.id FROM (SELECT id FROM customers EXCEPT SELECT 3) x WHERE x.id = 3

SELECT x.k FROM (SELECT 3 AS k) x JOIN customers c ON c.id = x.k WHERE x.k = 3

SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.customer_id = 3 OR o.customer_id IS NULL ORDER BY 1, o.id

SELECT c.id FROM customers c LEFT JOIN shop.customers s ON s.id = c.id WHERE COALESCE(s.id, 3) = 3 ORDER BY 1

SELECT c.id FROM customers c FULL JOIN shop.customers s ON s.id = c.id WHERE s.id = 3

SELECT c.id, s.id FROM customers c FULL JOIN shop.customers s ON s.id = c.id AND c.id = 3 ORDER BY 1, 2

SELECT id FROM customers c FULL JOIN shop.customers s USING (id) WHERE id = 3

SELECT id FROM customers c LEFT JOIN shop.customers s USING (id) WHERE s.id = 3

SELECT id, c.id, s.id FROM customers c RIGHT JOIN shop.customers s USING (id) WHERE id IN (3, 4) ORDER BY 1

SELECT c.id FROM customers c WHERE c.id = 3 AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = 5)

SELECT c.id FROM customers c WHERE c.id = 3 AND 5 IN (SELECT o.customer_id FROM orders o)

SELECT c.id, o.id FROM customers c, orders o WHERE c.id = 3 AND o.customer_id = 5 ORDER BY 1, 2

SELECT c.id, o.id FROM customers c JOIN orders o ON c.id = 3 AND o.customer_id = 3 ORDER BY 1, 2

SELECT (SELECT count(*) FROM orders WHERE customer_id = 3), (SELECT count(*) FROM orders WHERE customer_id = 5), (SELECT count(*) FROM orders)

SELECT id FROM customers WHERE CASE WHEN id = 3 THEN true ELSE id = 5 END ORDER BY 1

SELECT id FROM customers WHERE (id = 3) = true ORDER BY 1

SELECT id FROM customers WHERE (id = 3) IS NOT FALSE ORDER BY 1

SELECT id FROM customers WHERE id = 3 IS FALSE ORDER BY 1

SELECT id FROM customers WHERE NOT (id = 3 AND active) AND id < 6 ORDER BY 1

SELECT id FROM customers WHERE id = 3 AND id = 3

SELECT id FROM customers WHERE id = 3 AND id IN (3, 4)

SELECT id FROM customers WHERE id IN (3, 4) AND id IN (4, 5)

SELECT id FROM customers WHERE (id = 3 OR id = 4) AND active ORDER BY id

SELECT id FROM customers WHERE (id = 3 AND active) OR (id = 4 AND NOT active) OR id = 5 ORDER BY id

-- case: keys in other clothes
SELECT name FROM customers WHERE id = '  7 '

SELECT name FROM customers WHERE id = '+7'

SELECT name FROM customers WHERE id = '0x7'

SELECT name FROM customers WHERE id = '0b111'

SELECT name FROM customers WHERE id = '7e0'

SELECT name FROM customers WHERE id = '7.0'

SELECT name FROM customers WHERE id = ''

SELECT name FROM customers WHERE id = 7::text::int

SELECT name FROM customers WHERE id = CAST('7' AS int)

SELECT name FROM customers WHERE id = int '7'

SELECT name FROM customers WHERE id = +7

SELECT name FROM customers WHERE id = - -7

SELECT name FROM customers WHERE id = (7)

SELECT name FROM customers WHERE (id) = 7

SELECT name FROM customers WHERE ((id)::bigint) = 7

SELECT name FROM customers WHERE id::text = '7'

SELECT name FROM customers WHERE id = 7::float8

SELECT name FROM customers WHERE id = 7::numeric(1,0)

SELECT name FROM customers WHERE id = '7'::"char"::text::int

SELECT name FROM customers WHERE id OPERATOR(pg_catalog.=) 7

SELECT name FROM customers WHERE id = 7 COLLATE "C"

SELECT slug FROM pages WHERE slug = 'about' COLLATE "C"

SELECT slug FROM pages WHERE slug COLLATE "und-x-icu" = 'about'

SELECT slug FROM pages WHERE slug = 'about'::varchar

SELECT slug FROM pages WHERE slug = 'about'::varchar(3)

SELECT slug FROM pages WHERE slug = 'a'::char(10)

SELECT slug FROM pages WHERE slug = 'ab' || 'out'

SELECT slug FROM pages WHERE slug = lower('ABOUT')

SELECT slug FROM pages WHERE slug = 'zebra' OR slug = 'Zebra'

SELECT slug FROM pages WHERE slug = E'\x61bout'

SELECT slug FROM pages WHERE slug = U&'!0061bout' UESCAPE '!'

SELECT slug FROM pages WHERE slug IN ('about'::char(10), 'index')  ORDER BY 1

SELECT slug FROM pages WHERE slug = any (array['about', 'index']::varchar[]) ORDER BY 1

SELECT slug FROM pages WHERE slug = any ('{about,"a b",index}') ORDER BY 1

SELECT slug FROM pages WHERE slug = any (string_to_array('about,index', ',')) ORDER BY 1

SELECT slug FROM pages WHERE slug = some (array['about'])

SELECT kind FROM events WHERE id = 'FFFFFFFF-FFFF-FFFFFFFF-FFFF-FFFFFFFFFFFF'

SELECT kind FROM events WHERE id = '  ffffffff-ffff-ffff-ffff-ffffffffffff'

SELECT kind FROM events WHERE id::text = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

SELECT id FROM staff WHERE id = 1::numeric

SELECT id FROM staff WHERE id = 9223372036854775807::numeric

SELECT id FROM staff WHERE id = 9223372036854775808

SELECT id FROM staff WHERE id = -9223372036854775808

SELECT id FROM staff WHERE id IN (1, 2::smallint, 3.0, '4') ORDER BY id

SELECT device FROM metrics WHERE device = 3 AND day = 'today'

SELECT count(*) FROM readings WHERE (region, device, at) = ('north', 1, '2024-05-01 12:00')

SELECT count(*) FROM readings WHERE ROW (region, device) = ROW ('north', 1)

SELECT count(*) FROM readings WHERE (region, device) IN (VALUES ('north', 1), ('south', 2))

SELECT count(*) FROM readings WHERE (region, device) = ANY (ARRAY[ROW ('north', 1)])

SELECT count(*) FROM readings WHERE region = 'north' AND device IN (SELECT 1)

-- case: functions that read tables
CREATE FUNCTION customers_of(c text) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM notes WHERE body = c'

SELECT customers_of('mail')

SELECT body, customers_of(body) FROM notes ORDER BY id

DROP FUNCTION customers_of(text)

CREATE FUNCTION orders_of(c int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM orders WHERE customer_id = c'

-- refused: SG063
SELECT orders_of(3)

-- refused: SG063
SELECT id, orders_of(id) FROM customers

DROP FUNCTION orders_of(int)

CREATE FUNCTION pages_of() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT name FROM countries ORDER BY 1'

SELECT * FROM pages_of()

SELECT p, count(*) FROM pages_of() p, customers c GROUP BY 1 ORDER BY 1

DROP FUNCTION pages_of()

CREATE FUNCTION shout(c customers) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(c.name) || '!' $$

SELECT shout(c) FROM customers c WHERE id = 3

SELECT c.shout FROM customers c WHERE id = 3

SELECT id, c.shout FROM customers c ORDER BY id

SELECT c.shout, count(*) FROM customers c GROUP BY c.shout ORDER BY 1

DROP FUNCTION shout(customers)

CREATE AGGREGATE product(int) (sfunc = int4mul, stype = int, initcond = 1)

SELECT product(id) FROM customers WHERE id BETWEEN 1 AND 6

SELECT country, product(id) FROM customers WHERE id BETWEEN 1 AND 6 GROUP BY country ORDER BY 1

SELECT product(DISTINCT id) FILTER (WHERE id > 2) FROM customers WHERE id BETWEEN 1 AND 6

DROP AGGREGATE product(int)

CREATE AGGREGATE sum(text) (sfunc = textcat, stype = text)

SELECT sum(name ORDER BY id), sum(id) FROM customers

SELECT sum(name) FROM customers WHERE id = 3

SELECT country, sum(name ORDER BY id) FROM customers GROUP BY country ORDER BY 1

DROP AGGREGATE sum(text)

CREATE FUNCTION lower(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 - 1'

SELECT lower(id), lower(name) FROM customers ORDER BY id

DROP FUNCTION lower(int)

CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = $2 % 2'

CREATE OPERATOR === (leftarg = int, rightarg = int, function = same)

SELECT id FROM customers WHERE id === 3 AND id BETWEEN 1 AND 20 ORDER BY id

CREATE SCHEMA odd

CREATE OPERATOR odd.= (leftarg = int, rightarg = int, function = same)

SELECT id FROM customers WHERE id OPERATOR(odd.=) 3 AND id BETWEEN 1 AND 20 ORDER BY id

DROP SCHEMA odd CASCADE

DROP OPERATOR === (int, int)

DROP FUNCTION same(int, int)

-- case: prepared statements and what changes under them
PREPARE p AS SELECT * FROM shop.stock WHERE product_id = 3

EXECUTE p

ALTER TABLE shop.stock ADD COLUMN note text DEFAULT 'x'

ALTER TABLE shop.stock DROP COLUMN note

DEALLOCATE p

CREATE TABLE moving (id int PRIMARY KEY, v text)

INSERT INTO moving SELECT g, 'v' || g FROM generate_series(1, 20) g

PREPARE m (int) AS SELECT v FROM moving WHERE id = $1

EXECUTE m (7)

-- gateway: SELECT create_distributed_table('moving', 'id')

EXECUTE m (7)

EXECUTE m (8)

SELECT count(*) FROM moving

-- gateway: SELECT undistribute_table('moving')

EXECUTE m (7)

-- gateway: SELECT create_reference_table('moving')

EXECUTE m (7)

INSERT INTO moving VALUES (21, 'v21')

SELECT m.v, c.name FROM moving m JOIN customers c USING (id) ORDER BY id

DROP TABLE moving

EXECUTE m (7)

CREATE TABLE moving (id int PRIMARY KEY, v text)

EXECUTE m (7)

DROP TABLE moving

DEALLOCATE ALL

SET search_path TO public

PREPARE s AS SELECT count(*) FROM customers

EXECUTE s

SET search_path TO shop

EXECUTE s

SELECT count(*) FROM customers

RESET search_path

EXECUTE s

-- case: temporary tables
SELECT * FROM customers ORDER BY id LIMIT 1

CREATE TEMP TABLE customers (id int, name text)

INSERT INTO customers VALUES (1, 'temporary')

SELECT * FROM customers ORDER BY id LIMIT 1

SELECT * FROM customers

SELECT count(*) FROM public.customers

SELECT * FROM customers WHERE id = 3

DROP TABLE customers

SELECT count(*) FROM customers

CREATE TEMP TABLE picked AS SELECT id FROM notes WHERE id < 5

SELECT count(*) FROM picked

SELECT n.id FROM notes n JOIN picked p USING (id) ORDER BY 1

CREATE TEMP TABLE gathered ON COMMIT DROP AS SELECT 1 AS one

SELECT * FROM gathered

BEGIN

CREATE TEMP TABLE brief (x int) ON COMMIT DROP

INSERT INTO brief VALUES (1), (2)

SELECT sum(x) FROM brief

COMMIT

SELECT * FROM brief

DISCARD TEMP

SELECT * FROM picked

-- case: materialized results of sharded tables
CREATE TEMP TABLE rich AS SELECT country, count(*) AS n FROM customers GROUP BY country

SELECT * FROM rich ORDER BY country

CREATE TABLE richer AS SELECT id, name, credit FROM customers WHERE credit > 5

SELECT * FROM richer ORDER BY id

SELECT pg_typeof(credit) FROM richer LIMIT 1

DROP TABLE richer

SELECT customer_id, sum(total) AS total INTO TEMP per FROM orders GROUP BY customer_id

SELECT count(*), sum(total) FROM per

CREATE TABLE empty_one AS SELECT * FROM orders WITH NO DATA

SELECT * FROM empty_one

DROP TABLE empty_one

-- case: odd texts
/* comment */ SELECT /* id = 4 */ id -- id = 5
FROM customers WHERE id = 3 -- AND id = 4

SELECT id FROM customers WHERE id = 3;

;SELECT id FROM customers WHERE id = 3; ;

SELECT id, '-- not a comment', '/* neither */', ';' FROM customers WHERE id = 3

SELECT $$ ; $$, id FROM customers WHERE id = 3

SELECT id FROM customers WHERE name = $q$O'Neil$q$ OR id = 3

select ID from CUSTOMERS where Id=3and(1)=1

SELECT"id"FROM"customers"WHERE"id"=3

SELECT id::int4/*x*/::int8 FROM customers WHERE id=3::int

SELECT 1 AS "Ä", id AS ä FROM customers WHERE id = 3

SELECT U&"\0069d" FROM customers WHERE id = 3

SELECT id FROM public . customers WHERE customers . id = 3

SELECT id FROM "public"."customers" WHERE public.customers.id = 3

SELECT 'a' 'b'

SELECT count(*) FROM customers c(a, b) WHERE a = 3

SELECT (c).id, (c.*).name FROM customers c WHERE (c).id = 3

-- simple
SELECT row(c.*) FROM customers c WHERE c.id = 3

SELECT c FROM customers c ORDER BY c.id LIMIT 2

SELECT * FROM (customers CROSS JOIN countries) WHERE id = 3 ORDER BY code

SELECT * FROM (customers c JOIN orders o ON o.customer_id = c.id) AS j (a, b) WHERE a = 3 ORDER BY 1, 11

SELECT * FROM customers TABLESAMPLE SYSTEM (100) WHERE id = 3

SELECT count(*) FROM customers TABLESAMPLE BERNOULLI (100)

SELECT * FROM LATERAL (SELECT id FROM customers WHERE id = 3) x

SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(5, 7)) AS r (a, b), customers WHERE id = 3 ORDER BY 2

SELECT * FROM json_to_recordset('[{"id": 3}, {"id": 5}]') AS j (id int) JOIN customers USING (id) ORDER BY id

SELECT * FROM JSON_TABLE('[{"id": 3}]', '$[*]' COLUMNS (id int PATH '$.id')) j JOIN customers c ON c.id = j.id

SELECT * FROM unnest(ARRAY[3, 5], ARRAY['x', 'y']) AS u (id, w) JOIN customers USING (id) ORDER BY id

SELECT JSON_OBJECT('id': id, 'name': name) FROM customers WHERE id = 3

SELECT id, XMLELEMENT(NAME c, name) FROM customers WHERE id < 4 ORDER BY id

SELECT id, credit IS DOCUMENT FROM customers

SELECT GROUPING(country), count(*) FROM customers GROUP BY country ORDER BY 2, 1

SELECT EXTRACT(DOW FROM joined), OVERLAY(name PLACING 'xx' FROM 1), POSITION('a' IN name), SUBSTRING(name FROM 2 FOR 1), TRIM(LEADING FROM name), COLLATION FOR (name), NULLIF(active, true), CAST(id AS text), id IS NORMALIZED FROM customers

SELECT EXTRACT(DOW FROM joined), OVERLAY(name PLACING 'xx' FROM 1), POSITION('a' IN name), SUBSTRING(name FROM 2 FOR 1), TRIM(LEADING FROM name), COLLATION FOR (name), NULLIF(active, true), CAST(id AS text), name IS NORMALIZED FROM customers ORDER BY name, id

SELECT id, joined AT TIME ZONE 'UTC', (joined, joined + 5) OVERLAPS (date '2024-01-01', interval '1 year') FROM customers ORDER BY joined, id

SELECT id FROM customers ORDER BY id ASC NULLS FIRST FETCH FIRST 2 ROWS ONLY FOR NO KEY UPDATE

SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 3 ORDER BY o.id FOR UPDATE OF c

SELECT ALL id FROM customers WHERE id = 3

-- case: large
SELECT sum(length(repeat('x', 1000 * id))) FROM customers WHERE id BETWEEN 1 AND 30

SELECT repeat('x', 100000) || id AS big FROM customers WHERE id BETWEEN 1 AND 30 ORDER BY id

SELECT count(*) FROM customers a, customers b, customers c WHERE a.id < b.id

SELECT g, c.id FROM generate_series(1, 200) g, customers c ORDER BY g, c.id

SELECT c.id, g, md5(g::text) FROM customers c, generate_series(1, 100) g

INSERT INTO loose (k, a, t) SELECT g, g % 7, repeat('long ', g % 50) FROM generate_series(1, 5000) g

SELECT count(*), sum(length(t)), count(DISTINCT a) FROM loose

SELECT k, t FROM loose WHERE a = 3 ORDER BY k, t LIMIT 100 OFFSET 50

SELECT a, count(*) FROM loose GROUP BY a ORDER BY a

SELECT x.k, y.k FROM loose x JOIN loose y ON x.k = y.k + 1 WHERE x.k BETWEEN 100 AND 300 ORDER BY 1, 2

DELETE FROM loose WHERE k > 100
