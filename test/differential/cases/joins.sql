-- case: colocated
SELECT c.id, c.name, o.id, o.total FROM customers c JOIN orders o ON o.customer_id = c.id

SELECT c.id, o.id FROM customers c INNER JOIN orders o ON c.id = o.customer_id AND o.status = 'paid' ORDER BY 1, 2

SELECT c.id, o.id FROM customers c, orders o WHERE c.id = o.customer_id AND c.country = 'DE' ORDER BY 1, 2

SELECT c.id, o.id, i.line, i.quantity FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id ORDER BY 1, 2, 3

SELECT customer_id, order_id, o.status FROM orders o JOIN items i USING (customer_id) WHERE i.order_id = o.id

SELECT d.name, r.value FROM devices d JOIN readings r ON d.region = r.region AND r.device = d.device

SELECT d.name, r.value FROM devices d JOIN readings r USING (region, device) ORDER BY region, device, at

SELECT * FROM devices NATURAL JOIN readings

SELECT a.name, b.name FROM customers a JOIN shop.customers b ON a.id = b.id ORDER BY a.id

SELECT c.name FROM customers c JOIN shop.customers s USING (id) WHERE s.vip ORDER BY id

SELECT o1.customer_id, o1.id, o2.id FROM orders o1 JOIN orders o2 ON o1.customer_id = o2.customer_id AND o1.id < o2.id ORDER BY 1, 2, 3

SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id AND c.id = 3 JOIN items i ON i.customer_id = 3 AND i.order_id = o.id

SELECT c.id, count(*), sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 5

SELECT c.country, count(*), sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.country ORDER BY 1

SELECT c.id, o.id FROM customers c JOIN orders o ON o.customer_id = c.id + 0 ORDER BY 1, 2

SELECT count(*) FROM customers c JOIN orders o ON (c.id, true) = (o.customer_id, c.active)

SELECT count(*) FROM customers c JOIN orders o ON c.id IN (o.customer_id)

SELECT count(*) FROM customers c JOIN orders o ON c.id >= o.customer_id AND c.id <= o.customer_id

SELECT count(*) FROM customers c JOIN orders o ON c.id IS NOT DISTINCT FROM o.customer_id

-- case: left, right, full
SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.status = 'paid' ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND c.active ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY 1

SELECT c.id, o.id FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id AND o.total > 100 ORDER BY 1, 2

SELECT c.id, o.customer_id, o.id FROM customers c FULL JOIN orders o ON o.customer_id = c.id AND o.id = 1 AND c.id < 5

SELECT c.id, s.id FROM customers c FULL JOIN shop.customers s ON s.id = c.id ORDER BY 1, 2

SELECT id, c.name, s.name FROM customers c FULL JOIN shop.customers s USING (id) ORDER BY id

SELECT id, count(*) FROM customers FULL JOIN shop.customers USING (id) GROUP BY id ORDER BY id

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = 3 ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.customer_id = 3 ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND c.id = 3 ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.id = 3 OR o.id IS NULL ORDER BY 1, 2

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON false ORDER BY 1

SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND false WHERE c.id < 4 ORDER BY 1

SELECT c.id, x.id FROM customers c LEFT JOIN (SELECT * FROM orders WHERE customer_id = 3) x ON x.customer_id = c.id ORDER BY 1, 2

SELECT c.id, o.id, i.line FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id ORDER BY 1, 2, 3

SELECT c.id, o.id, i.line FROM customers c LEFT JOIN (orders o JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id) ON o.customer_id = c.id ORDER BY 1, 2, 3

SELECT o.id, s.name FROM orders o LEFT JOIN shop.customers s ON s.id = o.customer_id LEFT JOIN customers c ON c.id = s.id ORDER BY o.customer_id, o.id

SELECT o.customer_id, o.id, c.id FROM orders o LEFT JOIN shop.customers s ON s.id = o.customer_id AND s.vip LEFT JOIN customers c ON c.id = s.id ORDER BY 1, 2

SELECT COALESCE(a.id, b.id) AS id, c.name FROM shop.customers a FULL JOIN customers b ON a.id = b.id LEFT JOIN customers c ON c.id = COALESCE(a.id, b.id) ORDER BY 1

SELECT s.id, o.id FROM shop.customers s LEFT JOIN orders o ON o.customer_id = s.id WHERE o.customer_id = 5 OR s.id = 6 ORDER BY 1, 2

SELECT a.id, b.id, c.id FROM customers a LEFT JOIN customers b ON a.id = b.id AND b.active LEFT JOIN customers c ON b.id = c.id ORDER BY 1

SELECT a.id, c.id FROM customers a LEFT JOIN shop.customers b ON a.id = b.id FULL JOIN customers c ON b.id = c.id ORDER BY 1, 2

-- case: not colocated
SELECT a.id, b.id FROM staff a JOIN staff b ON b.id = a.boss ORDER BY 1

SELECT a.name, b.name AS boss FROM staff a LEFT JOIN staff b ON b.id = a.boss ORDER BY a.id

SELECT a.id, b.id, c.id FROM staff a JOIN staff b ON b.id = a.boss JOIN staff c ON c.id = b.boss ORDER BY 1, 2, 3

SELECT p.slug, c.name FROM pages p JOIN customers c ON c.id = p.author_id ORDER BY 1

SELECT p.slug, c.name FROM pages p LEFT JOIN customers c ON c.id = p.author_id ORDER BY 1

SELECT c.id, p.slug FROM customers c LEFT JOIN pages p ON p.author_id = c.id ORDER BY 1, 2

SELECT c.id, p.slug FROM customers c FULL JOIN pages p ON p.author_id = c.id ORDER BY 1, 2

SELECT e.kind, o.total FROM events e JOIN orders o ON o.customer_id = e.customer_id ORDER BY e.id, o.id

SELECT e.kind, count(*), sum(o.total) FROM events e JOIN orders o ON o.customer_id = e.customer_id GROUP BY e.kind ORDER BY 1

SELECT count(*) FROM customers c JOIN staff s ON s.id = c.id

SELECT c.name, s.name FROM customers c JOIN staff s ON s.id = c.id ORDER BY c.id, s.id

SELECT count(*) FROM customers c JOIN pages p ON c.id::text = p.slug

SELECT c.id, o.customer_id FROM customers c JOIN orders o ON o.id = c.id ORDER BY 1, 2

SELECT o.customer_id, i.customer_id FROM orders o JOIN items i ON i.order_id = o.id AND i.customer_id <> o.customer_id WHERE o.total > 500 AND i.quantity > 2 ORDER BY 1, 2, i.line, o.id

SELECT count(*) FROM customers CROSS JOIN orders

SELECT count(*) FROM customers, pages, staff WHERE customers.id < 3

SELECT d.region, r.region FROM devices d JOIN readings r ON d.device = r.device AND r.at < '2024-05-02' ORDER BY 1, 2, d.device

SELECT d.name, r.value FROM devices d JOIN readings r ON d.region = r.region AND d.device = r.device + 1 ORDER BY d.region, d.device, r.at

SELECT c.id, c2.id FROM customers c JOIN customers c2 ON c.name = c2.name AND c.id < c2.id ORDER BY 1, 2

SELECT l.k, r.k, l.t FROM loose l JOIN loose r ON l.t = r.t AND l.a = r.b ORDER BY 1, 2, 3

SELECT count(*) FROM loose l NATURAL JOIN loose r

SELECT count(*), count(r.k) FROM loose l LEFT JOIN loose r ON l.k = r.k AND l.a = r.a AND l.b IS NULL

-- case: with reference tables
SELECT c.id, k.name FROM customers c JOIN countries k ON k.code = c.country ORDER BY 1

SELECT c.id, k.name FROM customers c LEFT JOIN countries k ON k.code = c.country ORDER BY 1

SELECT k.code, c.id FROM countries k LEFT JOIN customers c ON c.country = k.code ORDER BY 1, 2

SELECT k.code, count(c.id) FROM countries k LEFT JOIN customers c ON c.country = k.code GROUP BY k.code ORDER BY 1

SELECT c.id, k.code FROM customers c RIGHT JOIN countries k ON c.country = k.code ORDER BY 2, 1

SELECT c.id, k.code FROM customers c FULL JOIN countries k ON c.country = k.code ORDER BY 2, 1

SELECT k.code FROM countries k WHERE EXISTS (SELECT FROM customers c WHERE c.country = k.code) ORDER BY 1

SELECT k.code FROM countries k WHERE NOT EXISTS (SELECT FROM customers c WHERE c.country = k.code) ORDER BY 1

SELECT k.code FROM countries k WHERE k.code NOT IN (SELECT country FROM customers WHERE country IS NOT NULL) ORDER BY 1

SELECT k.code, (SELECT count(*) FROM customers c WHERE c.country = k.code) FROM countries k ORDER BY 1

SELECT k.code, c.id FROM countries k CROSS JOIN customers c WHERE c.id < 3 ORDER BY 1, 2

SELECT p.id, q.name FROM products p LEFT JOIN products q ON q.id = p.parent ORDER BY 1

SELECT p.name, sum(i.quantity) FROM products p LEFT JOIN items i ON i.product_id = p.id GROUP BY p.id ORDER BY p.id

SELECT p.name, i.customer_id, i.line FROM products p LEFT JOIN items i ON i.product_id = p.id AND i.customer_id = 3 ORDER BY p.id, i.order_id, i.line

SELECT p.name, i.line FROM products p LEFT JOIN (SELECT * FROM items WHERE customer_id = 3) i ON i.product_id = p.id ORDER BY p.id, i.order_id, i.line

SELECT c.id, k.name, p.name FROM customers c JOIN countries k ON k.code = c.country JOIN items i ON i.customer_id = c.id JOIN products p ON p.id = i.product_id AND p.price > 10 ORDER BY 1, i.order_id, i.line

SELECT * FROM countries ORDER BY code

SELECT count(*) FROM products, countries

SELECT v.n, c.id FROM (VALUES (1), (2), (NULL)) v (n) LEFT JOIN customers c ON c.id = v.n ORDER BY 1

SELECT v.n, c.id FROM (VALUES (1), (2), (-77)) v (n) JOIN customers c ON c.id = v.n ORDER BY 1

SELECT g, c.name FROM generate_series(1, 4) g LEFT JOIN customers c ON c.id = g ORDER BY 1

SELECT g, c.name FROM customers c RIGHT JOIN generate_series(25, 32) g ON c.id = g ORDER BY 1

SELECT c.id, g FROM customers c LEFT JOIN generate_series(1, 2) g ON g < c.id WHERE c.id < 4 ORDER BY 1, 2

-- case: with unsharded tables
SELECT n.id, c.name FROM notes n JOIN customers c ON c.id = n.customer_id ORDER BY 1

SELECT n.id, c.name FROM notes n LEFT JOIN customers c ON c.id = n.customer_id ORDER BY 1

SELECT c.id, n.body FROM customers c LEFT JOIN notes n ON n.customer_id = c.id ORDER BY 1, n.id

SELECT c.id, n.id FROM customers c FULL JOIN notes n ON n.customer_id = c.id ORDER BY 1, 2

SELECT n.body, count(*), sum(o.total) FROM notes n JOIN orders o USING (customer_id) GROUP BY n.body ORDER BY 1

SELECT n.id, k.name FROM notes n, countries k WHERE n.id = length(k.name) ORDER BY 1, 2

SELECT n.id, d.word FROM notes n JOIN digits d ON d.n = n.id ORDER BY 1, 2

SELECT c.id FROM customers c WHERE c.id IN (SELECT customer_id FROM notes) ORDER BY 1

SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT customer_id FROM notes) ORDER BY 1

SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT FROM notes n WHERE n.customer_id = c.id) ORDER BY 1

SELECT n.id, n.customer_id FROM notes n WHERE n.customer_id NOT IN (SELECT id FROM customers) ORDER BY 1

SELECT n.id, (SELECT name FROM customers c WHERE c.id = n.customer_id) FROM notes n ORDER BY 1

SELECT c.name, n.body FROM customers c, notes n WHERE c.id = 3 AND n.customer_id = c.id ORDER BY n.id

SELECT c.id, s.amount FROM customers c JOIN shop.stock s ON s.product_id = c.id ORDER BY 1

-- case: lateral
SELECT c.id, x.id, x.total FROM customers c, LATERAL (SELECT * FROM orders o WHERE o.customer_id = c.id ORDER BY total DESC NULLS LAST, id LIMIT 1) x ORDER BY 1

SELECT c.id, x.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id AND o.total > c.credit) x ON true ORDER BY 1

SELECT c.id, x.id FROM customers c LEFT JOIN LATERAL (SELECT id FROM orders o WHERE o.customer_id = c.id ORDER BY id LIMIT 2) x ON x.id > 1 ORDER BY 1, 2

SELECT s.id, t.name FROM staff s, LATERAL (SELECT name FROM staff b WHERE b.id < s.id ORDER BY b.id DESC LIMIT 1) t ORDER BY 1

SELECT c.id, t FROM customers c, LATERAL unnest(c.tags) t ORDER BY 1, 2

SELECT c.id, t, n FROM customers c, unnest(c.tags) WITH ORDINALITY AS u (t, n) ORDER BY 1, n

SELECT c.id, k, v FROM customers c CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(c.profile) WHEN 'object' THEN c.profile ELSE '{}' END) AS j (k, v) ORDER BY 1, 2

SELECT k.code, x.id FROM countries k, LATERAL (SELECT id FROM customers c WHERE c.country = k.code ORDER BY id LIMIT 2) x ORDER BY 1, 2

SELECT k.code, x.id FROM countries k LEFT JOIN LATERAL (SELECT id FROM customers c WHERE c.country = k.code ORDER BY id LIMIT 1) x ON true ORDER BY 1, 2

SELECT a.id, b.sum FROM customers a, LATERAL (SELECT sum(credit) FROM customers b WHERE b.country = a.country AND b.id <= a.id) b ORDER BY 1

-- case: names
SELECT c.* FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total = 1000 ORDER BY c.id, o.id

SELECT o.*, c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total = 1000 ORDER BY c.id, o.id

SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id < 4 ORDER BY c.id, o.id

SELECT * FROM orders JOIN items USING (customer_id) WHERE items.order_id = orders.id ORDER BY customer_id, orders.id, line

SELECT j.* FROM (orders JOIN items USING (customer_id)) AS j WHERE quantity > 2 ORDER BY customer_id, id, order_id, line

SELECT u.customer_id, line FROM orders JOIN items USING (customer_id) AS u WHERE order_id = id ORDER BY 1, 2, id

SELECT x.a, x.b FROM customers AS x (a, b) WHERE x.a < 5 ORDER BY 1

SELECT name FROM customers JOIN staff ON customers.id = staff.id

SELECT id FROM customers c JOIN orders o ON o.customer_id = c.id

SELECT customers.id FROM customers c

SELECT c.nothing FROM customers c JOIN orders o ON o.customer_id = c.id

SELECT * FROM customers c JOIN orders c ON true

SELECT * FROM customers JOIN orders USING (nothing)
