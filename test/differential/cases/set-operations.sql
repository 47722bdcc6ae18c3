-- case: union
SELECT id FROM customers UNION ALL SELECT customer_id FROM orders

SELECT id FROM customers UNION SELECT customer_id FROM orders

SELECT id FROM customers UNION SELECT customer_id FROM orders ORDER BY 1 DESC LIMIT 5

SELECT id, name FROM customers UNION ALL SELECT id, name FROM shop.customers ORDER BY 1, 2

SELECT country FROM customers UNION SELECT code FROM countries ORDER BY 1

SELECT name FROM customers UNION ALL SELECT name FROM staff ORDER BY name LIMIT 10 OFFSET 5

SELECT name FROM customers UNION SELECT name FROM countries UNION SELECT body FROM notes ORDER BY 1

SELECT id::text FROM customers UNION ALL SELECT slug FROM pages ORDER BY 1

SELECT id FROM customers WHERE id < 5 UNION ALL SELECT 17 ORDER BY 1

SELECT 1 UNION SELECT 2 UNION ALL SELECT 2 ORDER BY 1

SELECT id FROM customers WHERE id = 3 UNION SELECT customer_id FROM orders WHERE customer_id = 3

SELECT id FROM customers WHERE id = 3 UNION ALL SELECT id FROM customers WHERE id = 4 ORDER BY 1

SELECT id, credit FROM customers UNION SELECT id, salary FROM staff ORDER BY 1, 2

SELECT id FROM customers UNION SELECT id FROM staff ORDER BY 1

SELECT id AS a FROM customers UNION SELECT grade FROM staff ORDER BY a

SELECT NULL UNION ALL SELECT country FROM customers ORDER BY 1 LIMIT 4

(SELECT id FROM customers ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM customers ORDER BY id DESC LIMIT 2) ORDER BY 1

(SELECT country, count(*) FROM customers GROUP BY country) UNION ALL SELECT 'all', count(*) FROM customers ORDER BY 1, 2

SELECT id FROM customers UNION ALL SELECT id, name FROM customers

SELECT id FROM customers UNION ALL SELECT name FROM customers

SELECT FROM customers UNION ALL SELECT FROM orders

-- case: intersect and except
SELECT id FROM customers INTERSECT SELECT customer_id FROM orders ORDER BY 1

SELECT id FROM customers INTERSECT ALL SELECT customer_id FROM orders ORDER BY 1

SELECT id FROM customers EXCEPT SELECT customer_id FROM orders ORDER BY 1

SELECT customer_id FROM orders EXCEPT ALL SELECT id FROM customers ORDER BY 1

SELECT a FROM loose EXCEPT SELECT b FROM loose ORDER BY 1

SELECT a FROM loose INTERSECT SELECT b FROM loose ORDER BY 1

SELECT a, b FROM loose EXCEPT ALL SELECT b, a FROM loose ORDER BY 1, 2

SELECT country FROM customers INTERSECT SELECT code FROM countries ORDER BY 1

SELECT code FROM countries EXCEPT SELECT country FROM customers ORDER BY 1

SELECT id FROM customers EXCEPT SELECT customer_id FROM notes ORDER BY 1

SELECT customer_id FROM notes EXCEPT SELECT id FROM customers ORDER BY 1

SELECT id, name FROM customers INTERSECT SELECT id, name FROM shop.customers ORDER BY 1

SELECT name, id FROM customers INTERSECT SELECT name, id FROM shop.customers ORDER BY 2

SELECT id FROM customers EXCEPT (SELECT customer_id FROM orders UNION SELECT id FROM shop.customers) ORDER BY 1

SELECT id FROM customers EXCEPT SELECT customer_id FROM orders UNION SELECT 5 ORDER BY 1

SELECT count(*) FROM (SELECT id FROM customers EXCEPT SELECT customer_id FROM orders) x

SELECT c.name FROM customers c JOIN (SELECT id FROM customers EXCEPT SELECT customer_id FROM orders) x USING (id) ORDER BY id

SELECT region, device FROM devices EXCEPT SELECT region, device FROM readings ORDER BY 1, 2

SELECT device, region FROM devices INTERSECT SELECT device, region FROM readings ORDER BY 1, 2
