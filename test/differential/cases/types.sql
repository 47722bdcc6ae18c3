-- case: generated columns, domains, composites
SELECT * FROM tickets ORDER BY id

SELECT id, gross, label, (venue).street, (venue).zip FROM tickets WHERE id = 3

SELECT tax, sum(price), sum(gross) FROM tickets GROUP BY tax ORDER BY tax

SELECT label FROM tickets WHERE label LIKE '%99' ORDER BY label

SELECT venue, count(*) FROM tickets GROUP BY venue ORDER BY venue

SELECT id FROM tickets ORDER BY tax DESC, gross, id

-- case: quoted names
SELECT * FROM "Odd Table" ORDER BY "Key"

SELECT "Key", "a""b" FROM "Odd Table" WHERE "Key" = 3

SELECT "select", sum("Größe") FROM "Odd Table" GROUP BY "select" ORDER BY "select"

SELECT o."Größe" AS "Grüße", "Key" "k k" FROM public."Odd Table" AS o WHERE "a""b" > 1 ORDER BY "Grüße" DESC NULLS LAST

SELECT key FROM "Odd Table"

SELECT * FROM "odd table"

SELECT * FROM Odd_Table

SELECT ID, NAME FROM CUSTOMERS WHERE Id = 3

-- case: another schema
SELECT c.name FROM shop.customers c WHERE id = 3

SELECT count(*) FROM shop.customers

SELECT * FROM shop.stock ORDER BY product_id

SET search_path TO shop, public

SELECT name FROM customers WHERE id = 3

SELECT vip, count(*) FROM customers GROUP BY vip ORDER BY vip

SELECT c.id FROM customers c JOIN public.customers p USING (id) ORDER BY 1

SELECT count(*) FROM orders

SHOW search_path

SET LOCAL search_path TO public

SET search_path TO nowhere

SELECT count(*) FROM customers

RESET search_path

SELECT name FROM customers WHERE id = 3

BEGIN

SET LOCAL search_path TO shop

SELECT name FROM customers WHERE id = 3

ROLLBACK

SELECT name FROM customers WHERE id = 3

SELECT set_config('search_path', 'shop', false)

SELECT name FROM customers WHERE id = 3

-- case: views
SELECT * FROM active_customers ORDER BY id

SELECT name FROM active_customers WHERE id = 4

SELECT * FROM customer_totals ORDER BY id

SELECT * FROM customer_totals WHERE id = 3

SELECT * FROM status_totals ORDER BY status

SELECT t.name, o.id FROM customer_totals t JOIN orders o ON o.customer_id = t.id WHERE t.total > 300 ORDER BY t.id, o.id

SELECT country, sum(credit) FROM active_customers GROUP BY country ORDER BY country

SELECT a.id FROM active_customers a LEFT JOIN orders o ON o.customer_id = a.id WHERE o.id IS NULL ORDER BY 1

-- case: partitioned
SELECT * FROM metrics ORDER BY device, day

SELECT * FROM metrics WHERE device = 3 ORDER BY day

SELECT day, value FROM metrics WHERE device = 3 AND day >= '2024-02-01' ORDER BY day

-- refused: SG005
SELECT tableoid::regclass::text, count(*) FROM metrics GROUP BY 1 ORDER BY 1

SELECT * FROM metrics_1 ORDER BY device, day

SELECT count(*) FROM metrics_rest WHERE device = 3

SELECT * FROM ONLY metrics

SELECT a.device, a.value, b.value FROM metrics_1 a JOIN metrics_2 b USING (device) ORDER BY 1, a.day, b.day

-- case: dates and times
SELECT * FROM orders WHERE placed > '2024-03-01' ORDER BY customer_id, id

SELECT * FROM orders WHERE placed BETWEEN timestamptz '2024-03-01 00:00+02' AND now() ORDER BY customer_id, id

SET timezone TO 'America/New_York'

SELECT customer_id, id, placed, placed::date FROM orders ORDER BY placed, 1, 2

SELECT placed::date AS day, count(*) FROM orders GROUP BY day ORDER BY day

SELECT min(placed), max(placed) FROM orders

SET datestyle TO 'German'

SELECT placed, to_char(placed, 'YYYY-MM-DD HH24:MI TZ') FROM orders WHERE customer_id = 3 ORDER BY id

SELECT max(placed) FROM orders WHERE placed < '31.05.2024'

SET intervalstyle TO 'iso_8601'

SELECT id, duration FROM events ORDER BY id

SELECT sum(duration) FROM events

-- case: other settings that change what comes back
SET bytea_output TO 'escape'

SELECT region, device, raw FROM devices ORDER BY 1, 2

SET extra_float_digits TO 0

SELECT slug, rating / 3 FROM pages ORDER BY slug

-- refused: SG081
SET client_encoding TO 'LATIN1'

SET client_encoding TO 'UTF8'

-- refused: SG080
SET standard_conforming_strings TO off

SET standard_conforming_strings TO on

-- case: constants and functions
SELECT 1 + 1, 7 / 2, 7 % 3, 2 ^ 10, 7.0 / 2, -5 / 2, 1e3, .5, 'a' || 1

SELECT length('äöü'), octet_length('äöü'), reverse('abc'), lpad('x', 3, 'ab'), position('b' IN 'abc'), trim(BOTH 'x' FROM 'xax')

SELECT date '2024-02-29' + interval '1 year', timestamp '2024-01-01' + time '10:00', extract(epoch FROM interval '1 day')

SELECT '{"a": [1, 2]}'::jsonb @> '{"a": [2]}', jsonb_pretty('{"a": 1}'), json_build_object('a', 1, 'b', NULL)

SELECT ARRAY[[1, 2], [3, 4]], array_fill(7, ARRAY[2]), '{1,NULL}'::int[], string_to_array('a,b', ',')

SELECT int4range(1, 5) * int4range(3, 8), '[1,2]'::int4range, numrange(1, NULL)

SELECT NULL::int IS NULL, NOT NULL, true AND NULL, COALESCE(NULL, 2)

SELECT x'ff'::int, b'101', '\x61'::bytea, 'abc'::char(5), 'abc'::varchar(2), 12345.678::numeric(7,1), 'NaN'::float8, '-0'::float8

SELECT '(1,2)'::point, '192.168.0.1/24'::inet, '08:00:2b:01:02:03'::macaddr, 'a & b'::tsquery, to_tsvector('english', 'cats')

SELECT 'happy'::mood, ROW ('a', 1)::address, '50'::percent

SELECT '150'::percent

SELECT 'none'::mood

SELECT 'x'::int

SELECT * FROM pg_typeof(NULL), current_schemas(false)

SELECT relname, relkind FROM pg_class WHERE relname = 'customers' AND relnamespace = 'public'::regnamespace

SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'orders' ORDER BY ordinal_position

SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass ORDER BY 1

SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1

SELECT 'customers'::regclass::text, to_regclass('nothing'), has_table_privilege('customers', 'select')
