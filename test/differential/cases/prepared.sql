-- writes
-- case: parameters in reads
-- params: [3]
-- params: [4]
-- params: [null]
-- params: [987654]
SELECT * FROM customers WHERE id = $1

-- params: ["index"]
-- params: [""]
-- params: ["quote's"]
-- params: ["日本"]
SELECT slug, views FROM pages WHERE slug = $1

-- params: ["00000000-0000-0000-0000-000000000000"]
-- params: ["ffffffff-ffff-ffff-ffff-ffffffffffff"]
SELECT kind, amount FROM events WHERE id = $1

-- params: ["north", 1]
-- params: ["south", 2]
SELECT * FROM readings WHERE device = $2 AND region = $1 ORDER BY at

-- params: [1]
-- params: ["9223372036854775807"]
SELECT id, name, share FROM staff WHERE id = $1

-- params: [3, 4]
-- params: [3, 3]
-- params: [3, null]
SELECT id, name FROM customers WHERE id IN ($1, $2) ORDER BY id

-- params: ["{1,2,3}"]
-- params: ["{}"]
-- params: ["{3}"]
-- params: ["{3,NULL}"]
-- params: [null]
SELECT id, name FROM customers WHERE id = ANY ($1) ORDER BY id

-- params: [3, "paid"]
-- params: [5, null]
SELECT id, total FROM orders WHERE customer_id = $1 AND status = $2 ORDER BY id

-- params: [10]
-- params: [0]
SELECT id, credit FROM customers WHERE credit > $1 ORDER BY id

-- params: ["A%"]
SELECT id FROM customers WHERE name LIKE $1 ORDER BY id

-- params: [5, 2]
-- params: [null, 3]
-- params: [0, 0]
SELECT id FROM customers ORDER BY id LIMIT $1 OFFSET $2

-- params: [-1]
SELECT id FROM customers ORDER BY id LIMIT $1

-- params: [2]
SELECT country, count(*) FROM customers GROUP BY country HAVING count(*) > $1 ORDER BY 1

-- params: [2, 10]
SELECT id % $1::int AS m, sum(id + $2) FROM customers GROUP BY m ORDER BY m

-- params: [100.5]
SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > $1 ORDER BY 1, 2

-- params: [3]
SELECT c.name, o.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.customer_id = $1 ORDER BY o.id

-- params: [3, 5]
SELECT id FROM customers WHERE id = $1 UNION ALL SELECT id FROM customers WHERE id = $2 ORDER BY 1

-- params: [1, "x", 2.5, true, null]
SELECT $1::int + 1, $2::text || 'y', $3::numeric * 2, $4::boolean, $5::text

-- params: ["x"]
SELECT $1

-- params: [7, "2024-01-01"]
SELECT id FROM customers WHERE joined > $2 AND id > $1 ORDER BY id

-- params: [3]
SELECT (SELECT count(*) FROM orders WHERE customer_id = $1), (SELECT name FROM customers WHERE id = $1)

-- params: [2]
SELECT n.id, c.name FROM notes n JOIN customers c ON c.id = n.customer_id WHERE c.id > $1 ORDER BY n.id

-- params: [3, "x"]
SELECT id, $2 AS given FROM customers WHERE id = $1

-- params: [1.5]
SELECT slug FROM pages WHERE rating > $1 ORDER BY slug

-- params: ["ok"]
SELECT id FROM customers WHERE feeling = $1 ORDER BY id

-- params: ["{\"age\": 30}"]
SELECT id FROM customers WHERE profile @> $1 ORDER BY id

-- params: [3]
SELECT id FROM customers WHERE id = $1::bigint

-- params: ["3"]
SELECT id FROM customers WHERE id::text = $1

-- params: [2, 1]
SELECT id FROM customers WHERE id = $1 + $2

-- params: ["abc"]
SELECT id FROM customers WHERE id = $1

SELECT id FROM customers WHERE id = $1

SELECT $1::int

SELECT * FROM customers WHERE id = $1 AND name = $3

-- case: parameters in writes
-- params: [800, "one"]
-- params: [801, "two"]
-- params: [801, "again"]
-- params: [null, "no key"]
-- may differ: detail
INSERT INTO customers (id, name) VALUES ($1, $2) RETURNING id, name

-- params: [810, "a", 811, "b", 812, "c"]
INSERT INTO customers (id, name) VALUES ($1, $2), ($3, $4), ($5, $6) RETURNING id

-- params: ["new name", 800]
-- params: ["nobody", 12345]
UPDATE customers SET name = $1 WHERE id = $2 RETURNING name

-- params: [1.5]
UPDATE customers SET credit = credit + $1

-- params: [100]
UPDATE orders SET status = 'big' WHERE total > $1 RETURNING customer_id, id

-- params: [810]
DELETE FROM customers WHERE id = $1

-- params: [811, 812]
DELETE FROM customers WHERE id IN ($1, $2) RETURNING id

-- params: [5000]
INSERT INTO staff (id, name) SELECT id + $1, name FROM customers

-- params: [1, "five"]
INSERT INTO pages (slug, views) VALUES ($2, $1) ON CONFLICT (slug) DO UPDATE SET views = pages.views + $1 RETURNING views

-- params: ["IT", "Italia"]
INSERT INTO countries (code, name) VALUES ($1, $2) RETURNING *

-- params: [900, "x"]
INSERT INTO notes (id, body) VALUES ($1, $2)

-- params: ["north", 90, "2024-01-01 00:00:00", 1.5]
-- params: ["south", 90, "2024-01-01 00:00:00", null]
INSERT INTO readings (region, device, at, value) VALUES ($1, $2, $3, $4)

-- params: ["12345678-1234-1234-1234-123456789abc", "p"]
INSERT INTO events (id, kind) VALUES ($1, $2) RETURNING id

-- params: ["{701,702}", "{a,b}"]
INSERT INTO loose (k, t) SELECT * FROM unnest($1::int[], $2::text[])

-- case: statements of SQL
PREPARE by_id (int) AS SELECT id, name FROM customers WHERE id = $1

EXECUTE by_id (3)

EXECUTE by_id (4)

EXECUTE by_id (1 + 2)

EXECUTE by_id (NULL)

EXECUTE by_id

EXECUTE by_id (1, 2)

PREPARE by_id AS SELECT 1

PREPARE everything AS SELECT count(*), sum(id) FROM customers WHERE id > $1

EXECUTE everything (5)

EXECUTE everything ('5')

PREPARE change (int, text) AS UPDATE customers SET name = $2 WHERE id = $1 RETURNING id, name

EXECUTE change (5, 'exe''cuted')

PREPARE add AS INSERT INTO orders (customer_id, id, total) VALUES ($1, $2, $3), (2, 850, 1)

EXECUTE add (1, 850, 5.5)

EXECUTE nothing

DEALLOCATE by_id

EXECUTE by_id (3)

DEALLOCATE ALL

EXECUTE everything (1)

DEALLOCATE nothing

PREPARE bad AS SELECT * FROM nothing

PREPARE worse AS SELECT nonsense(
