-- case: in and exists
SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders) ORDER BY 1

SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE status = 'paid' AND total > 5) ORDER BY 1

SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id) ORDER BY 1

SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 10) ORDER BY 1

SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE total > 900) ORDER BY 1

SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE total > 9000) ORDER BY 1

SELECT id FROM customers WHERE country IN (SELECT country FROM customers WHERE credit > 500) ORDER BY 1

SELECT id FROM customers WHERE country NOT IN (SELECT country FROM customers WHERE credit > 500) ORDER BY 1

SELECT id FROM customers WHERE credit NOT IN (SELECT total FROM orders) ORDER BY 1

SELECT id FROM customers WHERE credit NOT IN (SELECT total FROM orders WHERE total IS NOT NULL) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT author_id FROM pages) ORDER BY 1

SELECT slug FROM pages WHERE author_id NOT IN (SELECT id FROM customers) ORDER BY 1

SELECT slug FROM pages WHERE author_id IN (SELECT id FROM customers WHERE active) ORDER BY 1

SELECT id FROM staff s WHERE EXISTS (SELECT FROM staff b WHERE b.boss = s.id) ORDER BY 1

SELECT id FROM staff s WHERE NOT EXISTS (SELECT FROM staff b WHERE b.boss = s.id) ORDER BY 1

SELECT id FROM staff WHERE id NOT IN (SELECT boss FROM staff) ORDER BY 1

SELECT customer_id, id FROM orders WHERE (customer_id, id) IN (SELECT customer_id, order_id FROM items WHERE quantity > 2) ORDER BY 1, 2

SELECT customer_id, id FROM orders WHERE (id, customer_id) IN (SELECT line, customer_id FROM items) ORDER BY 1, 2

SELECT customer_id, id FROM orders WHERE (customer_id, id) NOT IN (SELECT customer_id, order_id FROM items) ORDER BY 1, 2

SELECT id FROM customers WHERE id = ANY (SELECT customer_id FROM orders WHERE total > 100) ORDER BY 1

SELECT id FROM customers WHERE id > ALL (SELECT customer_id FROM orders WHERE status = 'lost' AND customer_id < 100) ORDER BY 1

SELECT id FROM customers WHERE id = ANY (ARRAY(SELECT customer_id FROM orders WHERE total > 100)) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT max(customer_id) FROM orders) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders GROUP BY customer_id HAVING count(*) > 2) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders ORDER BY total DESC NULLS LAST, customer_id LIMIT 3) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders UNION SELECT id FROM shop.customers) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders EXCEPT SELECT id FROM shop.customers) ORDER BY 1

SELECT id FROM customers WHERE id < 1000 AND id + 1 IN (SELECT customer_id FROM orders) ORDER BY 1

SELECT id FROM customers WHERE id IN (SELECT customer_id + 1 FROM orders WHERE customer_id < 1000) ORDER BY 1

SELECT id, id IN (SELECT customer_id FROM orders WHERE total > 100) AS rich FROM customers ORDER BY 1

SELECT id FROM customers c WHERE id IN (SELECT o.customer_id FROM orders o JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id WHERE i.quantity = 10) ORDER BY 1

SELECT id FROM customers c WHERE country IN (SELECT code FROM countries WHERE continent = 'Europe') ORDER BY 1

SELECT id FROM customers c WHERE 3 < (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) ORDER BY 1

SELECT id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND EXISTS (SELECT FROM items i WHERE i.customer_id = c.id AND i.order_id = o.id AND i.quantity > 2)) ORDER BY 1

SELECT id FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND EXISTS (SELECT FROM staff s WHERE s.id = o.id)) ORDER BY 1

SELECT id FROM customers WHERE id = 3 AND id IN (SELECT customer_id FROM orders)

SELECT id FROM customers WHERE id = 3 AND country IN (SELECT country FROM customers WHERE id <> 3)

SELECT customer_id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE id IN (1, 2, 3)) ORDER BY 1, id

-- case: scalar
SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c ORDER BY 1

SELECT id, (SELECT count(*) FROM orders) AS n FROM customers ORDER BY 1

SELECT id, (SELECT name FROM staff s WHERE s.id = c.id) FROM customers c ORDER BY 1

SELECT id, (SELECT max(total) FROM orders o WHERE o.customer_id <> c.id) FROM customers c ORDER BY 1

SELECT id, (SELECT k.name FROM countries k WHERE k.code = c.country) FROM customers c ORDER BY 1

SELECT id FROM customers WHERE credit = (SELECT max(credit) FROM customers) ORDER BY 1

SELECT id FROM customers WHERE credit > (SELECT avg(credit) FROM customers) ORDER BY 1

SELECT id FROM customers c WHERE credit >= (SELECT avg(credit) FROM customers d WHERE d.country = c.country) ORDER BY 1

SELECT customer_id, id FROM orders o WHERE total = (SELECT max(total) FROM orders p WHERE p.customer_id = o.customer_id) ORDER BY 1, 2

SELECT (SELECT id FROM customers WHERE id = 3), (SELECT count(*) FROM orders WHERE customer_id = 3)

SELECT (SELECT name FROM customers)

SELECT id, (SELECT id FROM orders o WHERE o.customer_id = c.id) FROM customers c

SELECT (SELECT name FROM customers WHERE false)

SELECT id FROM customers ORDER BY (SELECT count(*) FROM orders o WHERE o.customer_id = id) DESC, id LIMIT 5

SELECT (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n, count(*) FROM customers c GROUP BY 1 ORDER BY 1

SELECT id, ARRAY(SELECT id FROM orders o WHERE o.customer_id = c.id ORDER BY id) FROM customers c ORDER BY id

SELECT id, (SELECT json_agg(o.id ORDER BY o.id) FROM orders o WHERE o.customer_id = c.id) FROM customers c ORDER BY id

SELECT country, (SELECT name FROM countries WHERE code = country) FROM customers GROUP BY country ORDER BY 1

SELECT CASE WHEN EXISTS (SELECT FROM customers WHERE id > 100) THEN (SELECT count(*) FROM orders) ELSE 0 END

SELECT id FROM customers c WHERE (SELECT active) ORDER BY id

SELECT id FROM customers c WHERE (name, country) = (SELECT name, country FROM customers d WHERE d.id = 3) ORDER BY id

-- case: in from
SELECT * FROM (SELECT id, name FROM customers) x WHERE id > 20 ORDER BY id

SELECT x.n, count(*) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) x GROUP BY x.n ORDER BY 1

SELECT max(s) FROM (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id) x

SELECT c.name, x.s FROM customers c JOIN (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id) x ON x.customer_id = c.id ORDER BY c.id

SELECT c.name, x.s FROM customers c LEFT JOIN (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id) x ON x.customer_id = c.id ORDER BY c.id

SELECT c.name, x.s FROM customers c JOIN (SELECT status, sum(total) AS s FROM orders GROUP BY status) x ON x.s > c.credit ORDER BY c.id, x.status

SELECT x.customer_id, y.n FROM (SELECT DISTINCT customer_id FROM orders) x JOIN (SELECT customer_id, count(*) AS n FROM items GROUP BY customer_id) y USING (customer_id) ORDER BY 1

SELECT * FROM (SELECT id FROM customers ORDER BY id DESC LIMIT 3) x ORDER BY id

SELECT * FROM (SELECT id FROM customers ORDER BY id DESC LIMIT 3) x JOIN orders o ON o.customer_id = x.id ORDER BY o.customer_id, o.id

SELECT * FROM (SELECT DISTINCT country FROM customers) x ORDER BY country NULLS FIRST

SELECT count(*) FROM (SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id) x

SELECT count(*) FROM (SELECT id FROM customers UNION SELECT customer_id FROM orders) x

SELECT a.id FROM (SELECT id FROM customers WHERE active) a JOIN (SELECT id FROM customers WHERE credit > 5) b ON a.id = b.id ORDER BY 1

SELECT * FROM (SELECT id - 1 AS id FROM customers) x JOIN orders o ON o.customer_id = x.id ORDER BY o.customer_id, o.id

SELECT * FROM (SELECT name AS id, id AS name FROM customers) x WHERE x.name = 3

SELECT * FROM (SELECT * FROM (SELECT * FROM customers) a) b WHERE id = 4

SELECT * FROM (SELECT 3 AS id) x JOIN customers c ON c.id = x.id

SELECT avg(n) FROM (SELECT count(*) AS n FROM customers GROUP BY country) x

SELECT sum(id) FROM (SELECT id FROM customers ORDER BY credit NULLS FIRST, id LIMIT 10) x

SELECT * FROM (VALUES (3, 'three'), (100, 'hundred')) v (n, word) JOIN customers c ON c.id = v.n ORDER BY v.n

SELECT random() < 2, x.id FROM (SELECT id FROM customers WHERE id < 3) x ORDER BY 2
