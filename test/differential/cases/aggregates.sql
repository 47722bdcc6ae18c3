-- case: over all rows
SELECT count(*) FROM customers

SELECT count(*), count(credit), count(DISTINCT country), count(1) FROM customers

SELECT sum(id), sum(credit), avg(credit), min(credit), max(credit) FROM customers

SELECT avg(id), avg(DISTINCT id % 5), sum(DISTINCT credit) FROM customers

SELECT min(name), max(name), min(joined), max(joined), min(feeling), max(feeling) FROM customers

SELECT sum(views), avg(views), min(views), max(views) FROM pages

SELECT sum(rating), avg(rating), min(rating), max(rating) FROM pages

SELECT sum(share), avg(share), max(share), sum(grade), avg(grade) FROM staff

SELECT sum(amount), avg(amount), min(amount), max(amount) FROM events

SELECT sum(duration), avg(duration), min(duration), max(duration) FROM events

SELECT min(at), max(at), count(at) FROM events

SELECT bool_and(active), bool_or(active), every(active) FROM customers

SELECT bit_and(id), bit_or(id), bit_xor(id) FROM customers

SELECT variance(id), var_pop(id), var_samp(credit), stddev(id), stddev_pop(id), stddev_samp(credit) FROM customers

SELECT round(corr(id, credit)::numeric, 6), round(regr_slope(id, credit)::numeric, 6), regr_count(id, credit) FROM customers

SELECT array_agg(id ORDER BY id), array_agg(country ORDER BY id DESC) FROM customers

SELECT array_agg(DISTINCT country ORDER BY country) FROM customers

SELECT string_agg(name, ', ' ORDER BY name, id), string_agg(DISTINCT country, '' ORDER BY country) FROM customers

SELECT json_agg(id ORDER BY id), jsonb_agg(name ORDER BY id), json_object_agg(id, name ORDER BY id) FROM customers

SELECT jsonb_object_agg(id, credit), jsonb_agg(tags ORDER BY id) FROM customers

SELECT json_agg(x ORDER BY id) FROM (SELECT id, name FROM customers) x

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY credit), percentile_disc(0.25) WITHIN GROUP (ORDER BY credit DESC), mode() WITHIN GROUP (ORDER BY active) FROM customers

SELECT percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY id), rank(10) WITHIN GROUP (ORDER BY id), dense_rank(5.0) WITHIN GROUP (ORDER BY credit) FROM customers

SELECT count(*) FILTER (WHERE active), sum(id) FILTER (WHERE country = 'DE'), avg(credit) FILTER (WHERE credit > 1000000) FROM customers

SELECT range_agg(int4range(id, id + 2)) FROM customers WHERE id BETWEEN 0 AND 30

SELECT any_value(1), min(id) + max(id), count(*) * 2, sum(credit) / count(*), COALESCE(sum(credit), 0) FROM customers

SELECT count(*), sum(id), avg(id), min(id), array_agg(id), bool_and(active), string_agg(name, '') FROM customers WHERE false

SELECT count(customers), count(customers.*) FROM customers

SELECT count(*) FROM customers HAVING count(*) > 3

SELECT count(*) FROM customers HAVING count(*) > 3000

SELECT 1 FROM customers HAVING true

SELECT count(DISTINCT (country, active)) FROM customers

SELECT sum(DISTINCT a), count(DISTINCT b), count(DISTINCT t) FROM loose

SELECT max(ROW (country, id)) FROM customers WHERE country IS NOT NULL

SELECT max(tags), min(tags) FROM customers

SELECT (SELECT count(*) FROM orders) AS orders, (SELECT sum(total) FROM orders) AS total

SELECT count(*) FROM customers LIMIT 1 OFFSET 1

SELECT sum(id) AS s FROM customers ORDER BY s

SELECT DISTINCT count(*), max(id) FROM customers

SELECT sum(total) FROM orders WHERE customer_id IN (1, 2, 3, 4)

SELECT count(*), sum(value) FROM readings WHERE region = 'north'

-- case: group by
SELECT country, count(*) FROM customers GROUP BY country

SELECT country, count(*) AS n FROM customers GROUP BY country ORDER BY n DESC, country

SELECT country, active, count(*), sum(credit), avg(credit), min(name), max(joined) FROM customers GROUP BY country, active ORDER BY country, active

SELECT country, count(*) FROM customers GROUP BY 1 HAVING count(*) > 3 ORDER BY 1

SELECT country, avg(credit) FROM customers GROUP BY country HAVING avg(credit) > 10 AND max(id) < 100 ORDER BY 2 DESC, 1

SELECT upper(left(name, 1)) AS initial, count(*), array_agg(id ORDER BY id) FROM customers GROUP BY initial ORDER BY initial

SELECT extract(year FROM joined) AS year, count(*) FROM customers GROUP BY extract(year FROM joined) ORDER BY 1 NULLS FIRST

SELECT status, count(*), sum(total), avg(total) FROM orders GROUP BY status ORDER BY status

SELECT customer_id, count(*), sum(total) FROM orders GROUP BY customer_id ORDER BY customer_id

SELECT customer_id, status, max(total) FROM orders GROUP BY customer_id, status ORDER BY 1, 2

SELECT customer_id % 3 AS m, count(DISTINCT status), count(DISTINCT customer_id) FROM orders GROUP BY m ORDER BY m

SELECT a, b, count(*), sum(n), avg(n) FROM loose GROUP BY a, b

SELECT t, sum(a * b), sum(a) * sum(b) FROM loose GROUP BY t ORDER BY t NULLS FIRST LIMIT 3 OFFSET 1

SELECT n, count(*) FROM loose GROUP BY n ORDER BY n

SELECT count(*) FROM customers GROUP BY ()

SELECT count(*) AS groups FROM (SELECT FROM customers GROUP BY country) s

SELECT country FROM customers GROUP BY country

SELECT country, feeling FROM customers GROUP BY 1, 2 ORDER BY feeling DESC NULLS LAST, country

SELECT id, name FROM customers GROUP BY id ORDER BY id LIMIT 3

SELECT c.id, c.name, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id

SELECT count(*) AS orders, max(n) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) per GROUP BY n ORDER BY 2

SELECT country, sum(count(*)) OVER () FROM customers GROUP BY country ORDER BY country

SELECT country, string_agg(name, ',' ORDER BY id) FROM customers GROUP BY country HAVING bool_or(active) ORDER BY count(*) DESC, country

SELECT kind, sum(amount), avg(amount), count(DISTINCT amount) FROM events GROUP BY kind ORDER BY kind

SELECT code, count(*) FROM pages GROUP BY code ORDER BY code

SELECT rating, count(*), sum(views) FROM pages GROUP BY rating ORDER BY rating

SELECT date_trunc('month', placed) AS month, status, count(*), sum(total) FROM orders GROUP BY 1, 2 ORDER BY 1, 2

SELECT profile -> 'age' AS age, count(*) FROM customers GROUP BY profile -> 'age' ORDER BY age

SELECT tags, count(*) FROM customers GROUP BY tags ORDER BY tags

SELECT grade_name(grade), avg(salary), min(salary) FROM staff GROUP BY 1 ORDER BY 1

SELECT region, sum(value), count(*) FROM readings GROUP BY region ORDER BY region

SELECT region, device, sum(value), avg(value), max(at) FROM readings GROUP BY region, device ORDER BY region, device

SELECT device, count(DISTINCT region) FROM readings GROUP BY device ORDER BY device

SELECT device, sum(value) FROM metrics GROUP BY device ORDER BY device

SELECT day, sum(value), count(*) FROM metrics GROUP BY day ORDER BY day

SELECT p.category, sum(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id GROUP BY p.category ORDER BY revenue DESC NULLS LAST, 1

SELECT active, array_agg(DISTINCT country ORDER BY country NULLS FIRST) FROM customers GROUP BY active ORDER BY active

SELECT country, percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM customers GROUP BY country ORDER BY country

SELECT active, count(*) FILTER (WHERE country IS NULL) AS none, count(*) FILTER (WHERE credit > 5) FROM customers GROUP BY active ORDER BY active

SELECT active AND credit > 5 AS rich, min(id), max(id) FROM customers GROUP BY rich ORDER BY rich

SELECT sum(CASE WHEN active THEN 1 ELSE 0 END) AS on, max(CASE WHEN id > 5 THEN name END) FROM customers

-- case: by the key of the side of an outer join that may be absent
SELECT o.customer_id, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY o.customer_id ORDER BY 1

SELECT DISTINCT o.customer_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id ORDER BY 1

SELECT DISTINCT ON (o.customer_id) o.customer_id, c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id ORDER BY o.customer_id, c.id

SELECT o.customer_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id UNION SELECT id FROM shop.customers ORDER BY 1

SELECT o.customer_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id EXCEPT ALL SELECT id FROM shop.customers ORDER BY 1

SELECT c.id, count(*) FROM customers c FULL JOIN shop.customers s ON s.id = c.id GROUP BY c.id ORDER BY 1

SELECT x.customer_id, count(*) FROM (SELECT o.customer_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id) x GROUP BY 1 ORDER BY 1

SELECT c.id, count(x.id) FROM customers c LEFT JOIN (SELECT s.id FROM customers d LEFT JOIN shop.customers s ON s.id = d.id) x ON x.id = c.id GROUP BY c.id ORDER BY 1

-- case: grouping sets
SELECT country, active, count(*) FROM customers GROUP BY ROLLUP (country, active) ORDER BY country, active, 3

SELECT country, active, grouping(country, active), sum(id) FROM customers GROUP BY CUBE (country, active) ORDER BY 3, 1, 2

SELECT country, feeling, count(*) FROM customers GROUP BY GROUPING SETS ((country), (feeling), ()) ORDER BY 1, 2, 3

SELECT customer_id, status, count(*) FROM orders GROUP BY GROUPING SETS ((customer_id, status), (customer_id)) ORDER BY 1, 2, 3

SELECT country, count(*) FROM customers GROUP BY DISTINCT ROLLUP (country), ROLLUP (country) ORDER BY 1, 2

-- case: mistakes
SELECT country, count(*) FROM customers

SELECT name, count(*) FROM customers GROUP BY country

SELECT sum(name) FROM customers

SELECT count(*) FROM customers WHERE count(*) > 1

SELECT sum(sum(id)) FROM customers

SELECT country FROM customers GROUP BY country HAVING name = 'x'

SELECT country FROM customers GROUP BY 5
