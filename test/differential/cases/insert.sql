-- writes
-- case: one row
INSERT INTO customers (id, name) VALUES (200, 'New')

INSERT INTO customers VALUES (201, 'All', 'DE', 1.5, 'happy', '2024-05-05', false, '{x}', '{"a": 1}')

INSERT INTO customers (name, id) VALUES ('Order', 202) RETURNING *

INSERT INTO customers (id, name, credit, feeling) VALUES (203, 'Defaults', DEFAULT, DEFAULT) RETURNING id, credit, feeling

INSERT INTO customers (id, name, joined) VALUES (100 + 104, upper('sum'), date '2024-01-01' + 1) RETURNING id, name, joined

INSERT INTO customers AS c (id, name) VALUES (205, 'alias') RETURNING c.id, c.name || '!' AS shout

INSERT INTO customers (id, name) VALUES ('206', 'text key'), (207.0, 'numeric key')

INSERT INTO customers (id, name) VALUES (-1, 'negative')

INSERT INTO customers (id, name) VALUES (208, (SELECT name FROM countries WHERE code = 'DE'))

INSERT INTO customers (id, name) VALUES ((SELECT 209), 'key of a subquery')

INSERT INTO customers (id, name) SELECT 210, 'select'

INSERT INTO customers (id, name) VALUES (211, 'x') RETURNING (SELECT count(*) FROM countries)

INSERT INTO pages VALUES ('fresh', 'Title', 1, 0.5, 'ab', 'text', 1) RETURNING *

INSERT INTO pages (slug) VALUES (lower('UPPER')) RETURNING slug

INSERT INTO events (id, kind) VALUES ('11111111-1111-1111-1111-111111111111', 'x') RETURNING id, kind, payload

INSERT INTO readings (region, device, at, value, flags) VALUES ('north', 77, '2024-01-01', 1.10, '{1,2}') RETURNING *

INSERT INTO staff (id, name, salary, share) VALUES (9000000000, 'Big', 1e3, 0.1) RETURNING *

INSERT INTO tickets (id, price) VALUES (50, 10) RETURNING *

INSERT INTO tickets (id, price, gross, venue) VALUES (51, 20, DEFAULT, ROW ('Street', 5)) RETURNING gross, label, (venue).zip

INSERT INTO "Odd Table" ("Key", "select", "Größe") VALUES (77, 'it''s', 1) RETURNING *

INSERT INTO shop.customers VALUES (77, 'shop', true)

INSERT INTO metrics VALUES (5, '2024-01-17', 5), (5, '2024-02-17', 5), (6, '2025-01-01', 7) RETURNING *

INSERT INTO loose (k) VALUES (5) RETURNING *

INSERT INTO notes VALUES (100, 1, 'note', '2024-01-01') RETURNING *

INSERT INTO countries VALUES ('IT', 'Italy', 'Europe') RETURNING *

INSERT INTO products (id, name) VALUES (20, 'new'), (21, 'newer') RETURNING id

-- case: several rows
INSERT INTO customers (id, name) VALUES (301, 'a'), (302, 'b'), (303, 'c'), (304, 'd'), (305, 'e'), (306, 'f')

INSERT INTO customers (id, name, credit) VALUES (311, 'a', 1), (312, 'b', DEFAULT), (313, 'c', NULL), (314, 'd', 2.345) RETURNING id, credit

INSERT INTO customers VALUES (321, 'x'), (322, 'y', 'FR'), (323, 'z')

INSERT INTO customers VALUES (321, 'x'), (322, 'y'), (323, 'z') RETURNING *

INSERT INTO orders (customer_id, id, total) VALUES (301, 1, 5), (302, 1, 6), (303, 1, 7), (301, 2, 8) RETURNING *

INSERT INTO pages (slug, views) VALUES ('n1', 1), ('n2', 2), (E'n\t3', 3), ('n''4', 4), ('n5', 5) RETURNING slug

INSERT INTO loose VALUES (1, 1, 1, 'dup', 1), (1, 1, 1, 'dup', 1), (2, NULL, NULL, NULL, NULL), (3, 1, 1, 'dup', 1) RETURNING *

INSERT INTO tickets (id, price, tax) VALUES (61, 1, 0), (62, 2, 7), (63, 3, DEFAULT), (64, 4, 100) RETURNING id, tax, gross

INSERT INTO readings VALUES ('north', 81, '2024-01-01', 1, NULL), ('south', 82, '2024-01-01', 2, '{}'), ('East', 83, '2024-01-01', 3, '{3}') RETURNING region, device, value

INSERT INTO events (id, amount) VALUES ('22222222-2222-2222-2222-222222222222', 1.50), (uuid '33333333-3333-3333-3333-333333333333', 2), ('44444444444444444444444444444444', 3) RETURNING id, amount

INSERT INTO staff (id, name) VALUES (1 + 100, 'a'), (2 * 51, 'b'), (length('abc') + 100, 'c') RETURNING id, name

INSERT INTO customers (id, name) VALUES (331, 'a'), (331, 'b')

INSERT INTO customers (id, name) VALUES (332, 'ok'), (333, NULL), (334, 'ok')

INSERT INTO customers (id, name) VALUES (335, 'ok'), (1, 'exists'), (336, 'ok')

INSERT INTO countries VALUES ('ES', 'Spain', 'Europe'), ('PT', 'Portugal', 'Europe')

-- case: on conflict
INSERT INTO customers (id, name) VALUES (1, 'one'), (401, 'new') ON CONFLICT DO NOTHING

INSERT INTO customers (id, name) VALUES (1, 'one'), (402, 'new') ON CONFLICT (id) DO NOTHING RETURNING id

INSERT INTO customers (id, name) VALUES (1, 'one'), (403, 'new') ON CONFLICT (id) DO UPDATE SET name = excluded.name || '!' RETURNING id, name

INSERT INTO customers AS c (id, name, credit) VALUES (1, 'one', 5) ON CONFLICT (id) DO UPDATE SET credit = COALESCE(c.credit, 0) + excluded.credit WHERE c.active RETURNING id, credit

INSERT INTO customers (id, name) VALUES (2, 'two') ON CONFLICT ON CONSTRAINT customers_pkey DO UPDATE SET name = upper(customers.name) RETURNING name

INSERT INTO customers (id, name) VALUES (404, 'a'), (404, 'b') ON CONFLICT (id) DO UPDATE SET name = 'twice'

INSERT INTO orders (customer_id, id, total) VALUES (1, 1, 9), (2, 1, 9), (3, 1, 9), (4, 77, 9) ON CONFLICT (customer_id, id) DO UPDATE SET total = orders.total + 1, status = 'again'

INSERT INTO countries VALUES ('DE', 'Deutschland', 'Europa') ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING *

INSERT INTO notes (id, body) VALUES (1, 'new'), (200, 'other') ON CONFLICT (id) DO UPDATE SET body = excluded.body RETURNING id, body

-- refused: SG051
INSERT INTO customers (id, name) VALUES (29, 'x') ON CONFLICT (id) DO UPDATE SET id = 999999

INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (name) DO NOTHING

-- case: from a query
INSERT INTO shop.customers (id, name) SELECT id + 500, name FROM customers WHERE id BETWEEN 1 AND 20

INSERT INTO shop.customers SELECT id, name, active FROM customers WHERE id > 50 OR id < 1

INSERT INTO orders (customer_id, id, total) SELECT customer_id, id + 100, total * 2 FROM orders WHERE status = 'paid'

INSERT INTO orders (customer_id, id, total) SELECT customer_id, 200, sum(total) FROM orders GROUP BY customer_id RETURNING customer_id, total

INSERT INTO staff (id, name, salary) SELECT id + 1000, name, credit FROM customers WHERE credit > 0

INSERT INTO loose (k, a, t) SELECT id, customer_id, status FROM orders

INSERT INTO loose (k, t) SELECT generate_series(1, 50), 'generated'

INSERT INTO loose SELECT k + 1, b, a, upper(t), n FROM loose WHERE a IS NOT NULL

INSERT INTO notes SELECT id + 1000, id, name, joined FROM customers WHERE id < 10

INSERT INTO notes (id, customer_id) SELECT 5000 + count(*), max(id) FROM customers RETURNING id, customer_id

INSERT INTO products (id, name) SELECT id + 100, name FROM countries, generate_series(1, 1) g (id)  WHERE code = 'DE'

INSERT INTO customers (id, name, country) SELECT n.id + 2000, n.body, NULL FROM notes n WHERE n.body IS NOT NULL

INSERT INTO customers (id, name) SELECT 2100 + g, 'g' || g FROM generate_series(1, 10) g RETURNING id, name

INSERT INTO customers (id, name) VALUES (2200, 'x'), (2201, (SELECT max(name) FROM customers))

INSERT INTO customers (id, name) SELECT id, name FROM customers ON CONFLICT (id) DO UPDATE SET name = excluded.name || '?'

-- may differ: detail
INSERT INTO customers (id, name) SELECT id, NULL FROM customers WHERE id < 3

INSERT INTO pages (slug, views) SELECT status, count(*) FROM orders WHERE status IS NOT NULL GROUP BY status ORDER BY 2 DESC LIMIT 2

INSERT INTO customers (id, name) WITH w AS (SELECT 2300 AS id, 'cte' AS name) SELECT * FROM w RETURNING *

WITH w AS (SELECT id, name FROM customers WHERE id < 5) INSERT INTO customers (id, name) SELECT id + 2400, name FROM w RETURNING id

INSERT INTO customers (id, name) TABLE shop.customers

-- case: with
WITH w AS (INSERT INTO notes (id, body) VALUES (300, 'with') RETURNING id) SELECT * FROM w

WITH w AS (INSERT INTO customers (id, name) VALUES (500, 'with') RETURNING id) SELECT id + 1 FROM w

-- refused: SG054
WITH w AS (INSERT INTO customers (id, name) VALUES (501, 'with') RETURNING id) INSERT INTO orders (customer_id, id) SELECT 501, 1 FROM w WHERE false RETURNING *

WITH w AS (DELETE FROM orders WHERE customer_id = 3 RETURNING *) SELECT count(*), sum(total) FROM w

-- refused: SG054
WITH w AS (DELETE FROM orders WHERE status = 'lost' RETURNING *) SELECT count(*) FROM w

-- case: mistakes
-- may differ: detail
INSERT INTO customers (id, name) VALUES (NULL, 'x')

-- may differ: detail
INSERT INTO customers (name) VALUES ('no key')

INSERT INTO customers (id, name) VALUES (1, 'exists')

INSERT INTO customers (id) VALUES (600)

INSERT INTO customers (id, name, nothing) VALUES (600, 'x', 1)

INSERT INTO customers (id, name) VALUES (600)

INSERT INTO customers (id, name) VALUES (600, 'x', 1)

INSERT INTO customers (id, name, id) VALUES (600, 'x', 1)

INSERT INTO customers (id, name) VALUES ('abc', 'x')

INSERT INTO customers (id, name) VALUES (99999999999, 'x')

INSERT INTO customers (id, name, joined) VALUES (600, 'x', 'no date')

INSERT INTO customers (id, name, feeling) VALUES (600, 'x', 'angry')

INSERT INTO customers (id, name, credit) VALUES (600, 'x', 1e10)

INSERT INTO customers (id, name, country) VALUES (600, 'x', 'LONG')

INSERT INTO orders (customer_id, id) VALUES (987654, 1)

INSERT INTO orders (customer_id, id, total) VALUES (1, 900, -1)

INSERT INTO orders (customer_id, id, total) VALUES (1, 900, 1), (2, 900, -1), (3, 900, 1)

INSERT INTO items (customer_id, order_id, line, product_id) VALUES (1, 1, 1, 999)

INSERT INTO tickets (id, price, tax) VALUES (70, 1, 101)

INSERT INTO tickets (id, price, gross) VALUES (70, 1, 1)

INSERT INTO orders (customer_id, id, note) VALUES (1, 900, 'a text that is longer than twenty characters')

INSERT INTO nothing VALUES (1)

INSERT INTO customers (id, name) SELECT id FROM orders

-- refused: SG053
INSERT INTO active_customers (id, name) VALUES (601, 'view')

-- may differ: detail
INSERT INTO customers DEFAULT VALUES
