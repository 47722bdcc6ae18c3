-- case: by the key
SELECT * FROM customers WHERE id = 7

SELECT * FROM customers WHERE id = -5

SELECT * FROM customers WHERE 2147483647 = id

SELECT * FROM customers WHERE id = 12345

SELECT name FROM customers WHERE id = '7'

SELECT name FROM customers WHERE id = 7::bigint

SELECT name FROM customers WHERE id = 7::smallint

SELECT name FROM customers WHERE id = 7.0

SELECT name FROM customers WHERE id = 7.5

SELECT name FROM customers WHERE id = 3 + 4

SELECT name FROM customers WHERE id = NULL

SELECT name FROM customers WHERE id IS NULL

SELECT name FROM customers WHERE id = 99999999999

SELECT name FROM customers WHERE id = 7 AND id = 8

SELECT name FROM customers WHERE id = 7 OR id = 8

SELECT name FROM customers WHERE id = 7 OR name = 'Bob'

SELECT name FROM customers WHERE NOT (id <> 7)

SELECT name FROM customers WHERE (id, name) = (7, 'Bob') OR id = 3

SELECT id FROM customers WHERE id IN (7)

SELECT id, name FROM customers WHERE id IN (3, 7, 100, 12345, NULL, 3)

SELECT id FROM customers WHERE id = ANY ('{1,2,3}')

SELECT id FROM customers WHERE id = ANY (ARRAY[5, 6, NULL])

SELECT id FROM customers WHERE id = ALL ('{5}')

SELECT id FROM customers WHERE id = ALL ('{}') ORDER BY id

SELECT id FROM customers WHERE id BETWEEN 7 AND 7

SELECT id FROM customers WHERE id IS NOT DISTINCT FROM 7

SELECT id FROM customers WHERE true AND id = 7 AND active IS NOT NULL

SELECT c.id AS a, c.id + 1 b, 'x' || c.name FROM customers AS c WHERE c.id = 2

SELECT FROM customers WHERE id = 2

SELECT customers FROM customers WHERE id = 2

SELECT customers.*, id FROM public.customers WHERE customers.id = 2

SELECT ctid IS NOT NULL, tableoid::regclass::text FROM customers WHERE id = 2

-- case: by text
SELECT * FROM pages WHERE slug = 'index'

SELECT * FROM pages WHERE slug = ''

SELECT slug FROM pages WHERE slug = 'quote''s'

SELECT slug FROM pages WHERE slug = E'tab\tbed'

SELECT slug FROM pages WHERE slug = U&'\00FCmlaut'

SELECT slug FROM pages WHERE slug = $$news/2024$$

SELECT slug FROM pages WHERE slug = $tag$日本$tag$

SELECT slug FROM pages WHERE slug IN ('a', 'A', 'ä', 'emoji😀')

SELECT slug FROM pages WHERE slug = 'ab   '::char(5)

SELECT slug FROM pages WHERE slug = 'ab'::varchar(1)

SELECT slug FROM pages WHERE slug = 'ab'::text

SELECT slug FROM pages WHERE slug = 'a' 
  'b'

SELECT slug FROM pages WHERE slug = 'about'::name

SELECT slug FROM pages WHERE slug LIKE 'about'

SELECT slug FROM pages WHERE lower(slug) = 'zebra'

-- case: by uuid
SELECT * FROM events WHERE id = '00000000-0000-0000-0000-000000000000'

SELECT kind FROM events WHERE id = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'

SELECT kind FROM events WHERE id = '{ffffffffffffffffffffffffffffffff}'

SELECT kind FROM events WHERE id = uuid 'ffffffff-ffff-ffff-ffff-ffffffffffff'

SELECT kind FROM events WHERE id = 'not a uuid'

-- case: by two columns
SELECT * FROM readings WHERE region = 'north' AND device = 1 ORDER BY at

SELECT * FROM readings WHERE device = 2 AND region = 'south' ORDER BY at

SELECT * FROM readings WHERE (region, device) = ('East', 1) ORDER BY at

SELECT * FROM readings WHERE (region, device) IN (('East', 1), ('north', 2)) ORDER BY region, device, at

SELECT * FROM readings WHERE region = 'north' ORDER BY device, at

SELECT * FROM readings WHERE region IN ('north', 'south') AND device IN (1, 2) ORDER BY region, device, at

SELECT * FROM readings WHERE region = '' AND device = 1 ORDER BY at

-- case: by bigint
SELECT * FROM staff WHERE id = 9223372036854775807

SELECT * FROM staff WHERE id = 1

SELECT * FROM staff WHERE id = 1::int

SELECT * FROM staff WHERE id = '1'

SELECT * FROM staff WHERE id = 1e0

SELECT * FROM staff WHERE id = 0x1

SELECT * FROM staff WHERE id = 1_0

-- case: colocated joins of one key
SELECT c.name, o.id, o.total FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 3 ORDER BY o.id

SELECT c.name, o.id, o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 10 WHERE c.id = 3 ORDER BY o.id

SELECT c.name, count(*) FROM customers c, orders o, items i WHERE c.id = o.customer_id AND (i.customer_id, i.order_id) = (o.customer_id, o.id) AND i.customer_id = 5 GROUP BY c.name

SELECT p.name, sum(i.quantity) FROM items i JOIN products p ON p.id = i.product_id WHERE i.customer_id = 3 GROUP BY p.name ORDER BY p.name

SELECT o.id, (SELECT count(*) FROM items i WHERE i.customer_id = o.customer_id AND i.order_id = o.id) FROM orders o WHERE o.customer_id = 3 ORDER BY 1

SELECT name FROM customers WHERE id = 3 AND EXISTS (SELECT FROM orders WHERE customer_id = 3)

SELECT d.name, r.value FROM devices d JOIN readings r USING (region, device) WHERE region = 'north' AND device = 1 ORDER BY r.at

SELECT rank() OVER (ORDER BY total DESC NULLS LAST), id, total FROM orders WHERE customer_id = 3 ORDER BY 1, 2

WITH big AS (SELECT * FROM orders WHERE customer_id = 3 AND total > 5) SELECT * FROM big ORDER BY id

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, name FROM n, customers WHERE id = 4 ORDER BY i

SELECT id FROM orders WHERE customer_id = 3 UNION ALL SELECT line FROM items WHERE customer_id = 3 ORDER BY 1

SELECT generate_series(1, id) FROM orders WHERE customer_id = 3 AND id < 3 ORDER BY 1

SELECT * FROM (SELECT customer_id, max(total) AS most FROM orders GROUP BY customer_id) m WHERE customer_id = 3

SELECT * FROM orders WHERE customer_id = 3 ORDER BY id FOR UPDATE

SELECT * FROM orders WHERE customer_id = 3 ORDER BY id FOR SHARE SKIP LOCKED

TABLE customers ORDER BY id LIMIT 3

VALUES (1, 'a'), (2, NULL)

SELECT 1, 'two', 3.0, NULL, true, ARRAY[1, 2], ROW (1, 'x'), now() - now()

SELECT current_user, current_database(), current_schema, pg_typeof(1)

SELECT * FROM generate_series(1, 3) AS g(i), LATERAL (SELECT i * 2) AS d(j)
