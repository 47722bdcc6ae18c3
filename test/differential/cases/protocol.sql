-- writes
--- What the extended protocol can do and SQL cannot.

-- case: types that the client declares
-- types: [23]
-- params: [7]
-- params: [null]
SELECT id, name FROM customers WHERE id = $1

-- types: [20]
-- params: [7]
-- params: [99999999999]
SELECT id, name FROM customers WHERE id = $1

-- types: [21]
-- params: [7]
SELECT id, name FROM customers WHERE id = $1

-- types: [1700]
-- params: [7]
-- params: ["7.0"]
-- params: ["7.5"]
SELECT id, name FROM customers WHERE id = $1

-- types: [701]
-- params: [7]
SELECT id, name FROM customers WHERE id = $1

-- types: [25]
-- params: ["7"]
SELECT id, name FROM customers WHERE id = $1

-- types: [25]
-- params: ["7"]
SELECT id, name FROM customers WHERE id = $1::int

-- types: [1043]
-- params: ["about"]
SELECT slug FROM pages WHERE slug = $1

-- types: [1042]
-- params: ["about   "]
-- params: ["about"]
SELECT slug FROM pages WHERE slug = $1

-- types: [19]
-- params: ["about"]
SELECT slug FROM pages WHERE slug = $1

-- types: [2950]
-- params: ["ffffffff-ffff-ffff-ffff-ffffffffffff"]
SELECT kind FROM events WHERE id = $1

-- types: [25]
-- params: ["ffffffff-ffff-ffff-ffff-ffffffffffff"]
SELECT kind FROM events WHERE id = $1::uuid

-- types: [23]
-- params: [1]
SELECT name FROM staff WHERE id = $1

-- types: [20, 25]
-- params: [900, "declared"]
INSERT INTO customers (id, name) VALUES ($1, $2) RETURNING id

-- types: [1007]
-- params: ["{1,2,3}"]
SELECT name FROM customers WHERE id = ANY ($1) ORDER BY id

-- types: [1016]
-- params: ["{1,2,3}"]
SELECT name FROM customers WHERE id = ANY ($1) ORDER BY id

-- types: [0, 23]
-- params: ["x", 3]
SELECT id, $1::text FROM customers WHERE id = $2

-- types: [25, 23]
-- params: ["x", 2]
SELECT id, $1 AS x FROM customers ORDER BY id LIMIT $2

-- types: [23]
-- params: [2]
SELECT id FROM customers ORDER BY id LIMIT $1

-- params: [5, 5]
SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total > $1) OR id = $2 ORDER BY 1

-- params: ["2024-01-01", "2024-04-01"]
SELECT customer_id, id FROM orders WHERE placed >= $1 AND placed < $2 ORDER BY 1, 2

-- params: ["A", 3]
-- params: [null, null]
SELECT coalesce($1, name) AS n, count(*) FROM customers WHERE id > $2 GROUP BY 1 ORDER BY 1

-- params: [3]
SELECT $1 + id AS s FROM customers ORDER BY s LIMIT 3

-- params: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
SELECT id FROM customers WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ORDER BY id

-- params: [3, 3]
SELECT c.name, o.id FROM customers c, orders o WHERE c.id = $1 AND o.customer_id = $2 ORDER BY 2

-- params: [2]
UPDATE customers SET credit = $1 WHERE id = $1

-- params: [3]
SELECT id FROM customers WHERE $1 = id AND $1 < 100

-- params: ["happy", "{happy}"]
SELECT id FROM kinds WHERE feeling = $1 OR moods = $2 ORDER BY id

-- case: portals
BEGIN

-- may differ: tag
-- portions: 3
SELECT id, name FROM customers WHERE id > 5 AND id < 15 ORDER BY id

-- may differ: tag
-- portions: 1
SELECT id FROM orders WHERE customer_id = 3 ORDER BY id

-- may differ: tag
-- portions: 5
SELECT country, count(*) FROM customers GROUP BY country ORDER BY country

-- may differ: tag
-- portions: 7
SELECT id FROM customers ORDER BY id LIMIT 7

-- may differ: tag
-- portions: 10
SELECT id FROM customers WHERE id = 987654

-- may differ: tag
-- portions: 2
SELECT n FROM digits ORDER BY n, word

-- may differ: tag
-- portions: 2
VALUES (1), (2), (3), (4)

-- may differ: tag
-- portions: 2
INSERT INTO customers (id, name) VALUES (910, 'a'), (911, 'b'), (912, 'c') RETURNING id

-- may differ: tag
-- portions: 2
UPDATE customers SET name = 'x' WHERE id = 910 RETURNING id, name

-- may differ: tag
-- portions: 50
SELECT c.id, g FROM customers c, generate_series(1, 20) g ORDER BY 1, 2

COMMIT

-- may differ: tag
-- portions: 2
SELECT id FROM customers WHERE id = 3

-- may differ: tag
-- portions: 40
SELECT id FROM customers ORDER BY id

-- case: pipelines
-- pipeline
SELECT 1;
SELECT id FROM customers WHERE id = 3;
SELECT count(*) FROM customers;
SELECT id FROM customers ORDER BY id LIMIT 2;
SELECT 2

-- pipeline
INSERT INTO customers (id, name) VALUES (920, 'a');
INSERT INTO customers (id, name) VALUES (921, 'b');
INSERT INTO customers (id, name) VALUES (922, 'c'), (923, 'd') RETURNING id;
SELECT count(*) FROM customers WHERE id BETWEEN 920 AND 929;
UPDATE customers SET name = 'e' WHERE id BETWEEN 920 AND 929

-- pipeline
INSERT INTO customers (id, name) VALUES (930, 'a');
INSERT INTO customers (id, name) VALUES (931, 'b');
SELECT 1 / 0;
INSERT INTO customers (id, name) VALUES (932, 'c')

SELECT id FROM customers WHERE id BETWEEN 930 AND 939

-- pipeline
INSERT INTO customers (id, name) VALUES (933, 'a');
SELECT nothing;
INSERT INTO customers (id, name) VALUES (934, 'c')

SELECT id FROM customers WHERE id BETWEEN 930 AND 939

-- pipeline
BEGIN;
INSERT INTO customers (id, name) VALUES (935, 'a');
INSERT INTO customers (id, name) VALUES (936, 'b');
COMMIT

-- pipeline
INSERT INTO customers (id, name) VALUES (937, 'a');
BEGIN;
INSERT INTO customers (id, name) VALUES (938, 'b');
ROLLBACK;
INSERT INTO customers (id, name) VALUES (939, 'b')

SELECT id FROM customers WHERE id BETWEEN 930 AND 939 ORDER BY id

-- pipeline
BEGIN;
SELECT id FROM customers WHERE id = 3;
SAVEPOINT a;
DELETE FROM items;
SELECT nothing

-- pipeline
ROLLBACK TO a;
SELECT count(*) FROM items;
COMMIT

-- pipeline
UPDATE customers SET credit = 1 WHERE id = 1;
UPDATE customers SET credit = 2 WHERE id = 2;
UPDATE customers SET credit = 3 WHERE id = 3;
UPDATE customers SET credit = 4 WHERE id = 4;
SELECT sum(credit) FROM customers WHERE id IN (1, 2, 3, 4)

-- pipeline
SET work_mem TO '5MB';
SHOW work_mem;
SELECT current_setting('work_mem'), count(*) FROM customers;
RESET work_mem

-- pipeline
CREATE TABLE piped (id int PRIMARY KEY);
INSERT INTO piped VALUES (1);
SELECT * FROM piped;
DROP TABLE piped

-- pipeline
DEALLOCATE ALL;
PREPARE q AS SELECT count(*) FROM customers;
EXECUTE q;
DEALLOCATE q
