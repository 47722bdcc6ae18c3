-- case: plain
WITH c AS (SELECT id, name FROM customers WHERE active) SELECT * FROM c ORDER BY id

WITH c AS MATERIALIZED (SELECT * FROM customers) SELECT id FROM c WHERE id = 3

WITH c AS NOT MATERIALIZED (SELECT * FROM customers) SELECT id FROM c WHERE id = 3

WITH o AS (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id) SELECT c.name, o.s FROM customers c JOIN o ON o.customer_id = c.id ORDER BY c.id

WITH t AS (SELECT sum(total) AS all FROM orders) SELECT o.customer_id, round(100 * sum(o.total) / t.all, 2) FROM orders o, t GROUP BY 1, t.all ORDER BY 1

WITH a AS (SELECT id FROM customers), b AS (SELECT id FROM a WHERE id > 10) SELECT count(*) FROM a, b

WITH a AS (SELECT id FROM customers WHERE id < 5) SELECT x.id, y.id FROM a x JOIN a y ON x.id < y.id ORDER BY 1, 2

WITH customers AS (SELECT 1 AS id) SELECT * FROM customers

WITH customers AS (SELECT * FROM customers WHERE id = 3) SELECT name FROM customers

WITH x (a, b) AS (SELECT id, name FROM customers WHERE id < 4) SELECT b, a FROM x ORDER BY a

WITH v AS (VALUES (1, 'x'), (3, 'y')) SELECT c.name, v.column2 FROM v JOIN customers c ON c.id = v.column1 ORDER BY c.id

WITH unused AS (SELECT * FROM orders) SELECT count(*) FROM customers

SELECT * FROM customers WHERE id IN (WITH r AS (SELECT customer_id FROM orders WHERE total > 200) SELECT customer_id FROM r) ORDER BY id

WITH a AS (SELECT country, count(*) AS n FROM customers GROUP BY country) SELECT * FROM a WHERE n = (SELECT max(n) FROM a) ORDER BY 1

WITH s AS (SELECT status, count(*) FROM orders GROUP BY status), t AS (SELECT 'total', sum(count) FROM s) SELECT * FROM s UNION ALL SELECT * FROM t ORDER BY 1, 2

WITH l AS (SELECT id FROM customers ORDER BY id LIMIT 3) SELECT o.* FROM l JOIN orders o ON o.customer_id = l.id ORDER BY o.customer_id, o.id

WITH n AS (SELECT customer_id FROM notes) SELECT c.id FROM customers c JOIN n ON n.customer_id = c.id ORDER BY 1

WITH r AS (SELECT random() AS x FROM customers) SELECT count(DISTINCT x) = count(*) FROM r

-- case: recursive
WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t

WITH RECURSIVE boss (id, name, depth) AS (
  SELECT id, name, 0 FROM staff WHERE boss IS NULL
  UNION ALL
  SELECT s.id, s.name, b.depth + 1 FROM staff s JOIN boss b ON s.boss = b.id
)
SELECT * FROM boss ORDER BY depth, id

WITH RECURSIVE up AS (
  SELECT id, boss FROM staff WHERE id = 20
  UNION
  SELECT s.id, s.boss FROM staff s JOIN up ON s.id = up.boss
)
SELECT id FROM up ORDER BY id

WITH RECURSIVE p AS (SELECT id, name FROM products WHERE parent IS NULL UNION ALL SELECT c.id, p.name || '/' || c.name FROM products c JOIN p ON c.parent = p.id) SELECT * FROM p ORDER BY id

WITH RECURSIVE d (day) AS (SELECT date '2024-01-01' UNION ALL SELECT day + 31 FROM d WHERE day < '2024-05-01') SELECT d.day, count(o.id) FROM d LEFT JOIN orders o ON o.placed::date >= d.day GROUP BY d.day ORDER BY 1

WITH RECURSIVE tree AS (
  SELECT id, boss FROM staff WHERE boss IS NULL UNION ALL SELECT s.id, s.boss FROM staff s, tree t WHERE s.boss = t.id
) SEARCH DEPTH FIRST BY id SET path SELECT id FROM tree ORDER BY path

WITH RECURSIVE tree AS (
  SELECT id, boss FROM staff WHERE id = 1 UNION ALL SELECT s.id, s.boss FROM staff s, tree t WHERE s.boss = t.id
) CYCLE id SET looped USING path SELECT id, looped FROM tree ORDER BY id
