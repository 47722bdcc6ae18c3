-- case: within one shard key
SELECT customer_id, id, row_number() OVER (PARTITION BY customer_id ORDER BY id) FROM orders

SELECT customer_id, id, sum(total) OVER (PARTITION BY customer_id ORDER BY id) AS running, total FROM orders ORDER BY 1, 2

SELECT customer_id, id, lag(total) OVER w, lead(total, 2, -1.0) OVER w, first_value(id) OVER w, last_value(id) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY id) ORDER BY 1, 2

SELECT * FROM (SELECT customer_id, id, rank() OVER (PARTITION BY customer_id ORDER BY total DESC NULLS LAST, id) AS r FROM orders) ranked WHERE r = 1 ORDER BY 1

SELECT region, device, at, value - lag(value) OVER (PARTITION BY region, device ORDER BY at) FROM readings ORDER BY 1, 2, 3

-- case: across shards
SELECT id, row_number() OVER (ORDER BY id) FROM customers

SELECT id, rank() OVER (ORDER BY country), dense_rank() OVER (ORDER BY country DESC), ntile(4) OVER (ORDER BY id), percent_rank() OVER (ORDER BY id), cume_dist() OVER (ORDER BY id) FROM customers ORDER BY id

SELECT id, country, count(*) OVER (PARTITION BY country), sum(credit) OVER (PARTITION BY country ORDER BY id), avg(id) OVER () FROM customers ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM customers WHERE id < 1000 ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM customers WHERE id < 1000 ORDER BY id

SELECT id, count(*) OVER (ORDER BY country GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM customers ORDER BY id

SELECT id, nth_value(name, 2) OVER (ORDER BY id) FROM customers ORDER BY id

SELECT id, total, max(total) OVER (PARTITION BY status) FROM orders ORDER BY customer_id, id

SELECT country, rank() OVER (ORDER BY count(*) DESC, country) FROM customers GROUP BY country ORDER BY 2

SELECT id, lag(id) OVER (ORDER BY id) AS previous FROM customers ORDER BY id LIMIT 3

SELECT id FROM (SELECT id, row_number() OVER (ORDER BY credit DESC NULLS LAST, id) AS n FROM customers) x WHERE n <= 3 ORDER BY n

SELECT DISTINCT count(*) OVER (PARTITION BY country) FROM customers ORDER BY 1

SELECT id, count(*) FILTER (WHERE active) OVER (ORDER BY id) FROM customers ORDER BY id

SELECT row_number() OVER (ORDER BY k, a, b, t, n), k, a, b, t, n FROM loose ORDER BY 1

SELECT customer_id, id, row_number() OVER (PARTITION BY customer_id ORDER BY id), row_number() OVER (ORDER BY customer_id, id) FROM orders ORDER BY 1, 2

SELECT c.id, row_number() OVER (PARTITION BY o.customer_id ORDER BY o.id, c.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id ORDER BY c.id, 2

-- case: within the key of the side of an outer join that may be absent
SELECT o.customer_id, count(*) OVER (PARTITION BY o.customer_id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id

SELECT s.id, count(*) OVER (PARTITION BY s.id) FROM shop.customers s FULL JOIN customers c ON c.id = s.id

SELECT id, count(*) OVER (PARTITION BY id) FROM shop.customers s FULL JOIN customers c USING (id)

-- case: mistakes
SELECT row_number() OVER (ORDER BY id) FROM customers WHERE row_number() OVER (ORDER BY id) < 3
