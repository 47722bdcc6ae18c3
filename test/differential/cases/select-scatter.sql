-- case: all rows
SELECT * FROM customers

SELECT * FROM ONLY customers

SELECT id FROM customers

SELECT FROM customers

SELECT name, name, id AS name FROM customers

SELECT * FROM orders WHERE total > 10

SELECT * FROM items WHERE quantity IS NULL OR price IS NULL

SELECT * FROM loose

SELECT k, a, b FROM loose WHERE a = 1 AND b IS NULL

SELECT id, name FROM customers WHERE name LIKE 'A%' OR name ILIKE '%b%'

SELECT id FROM customers WHERE name ~ '^[A-D].* ' AND name !~* 'ö'

SELECT id FROM customers WHERE name SIMILAR TO '(A|B)%'

SELECT slug FROM pages WHERE slug LIKE 'news/%' OR slug LIKE '%\_%' OR slug LIKE '100!%' ESCAPE '!'

SELECT id FROM customers WHERE credit BETWEEN 0 AND 50

SELECT id FROM customers WHERE credit NOT BETWEEN SYMMETRIC 50 AND 0

SELECT id FROM customers WHERE id > 10 AND id <= 20

SELECT id FROM customers WHERE active AND NOT (country = 'DE')

SELECT id FROM customers WHERE (country = 'DE') IS NOT TRUE

SELECT id FROM customers WHERE country IN ('DE', 'FR', NULL)

SELECT id FROM customers WHERE country NOT IN ('DE', 'FR')

SELECT id FROM customers WHERE country NOT IN ('DE', NULL)

SELECT id FROM customers WHERE credit > ALL (ARRAY[1, 2.5])

SELECT * FROM customers WHERE false

SELECT id, customers IS NULL, customers IS NOT NULL FROM customers

SELECT id, pg_typeof(tags), pg_typeof(feeling)::text FROM customers

-- case: in order
SELECT id, name FROM customers ORDER BY id

SELECT id, name FROM customers ORDER BY id DESC

SELECT id, name FROM customers ORDER BY name, id

SELECT id, name FROM customers ORDER BY name DESC, id DESC

SELECT id, name FROM customers ORDER BY 2, 1

SELECT name, id FROM customers ORDER BY customers.id + 0

SELECT id AS name, name AS id FROM customers ORDER BY id, name

SELECT id, credit FROM customers ORDER BY credit, id

SELECT id, credit FROM customers ORDER BY credit NULLS FIRST, id

SELECT id, credit FROM customers ORDER BY credit DESC, id

SELECT id, credit FROM customers ORDER BY credit DESC NULLS LAST, id DESC

SELECT id FROM customers ORDER BY country, feeling, joined DESC, active, id

SELECT id, feeling FROM customers ORDER BY feeling DESC, id

SELECT id, tags FROM customers ORDER BY tags, id

SELECT id, profile FROM customers ORDER BY profile, id

SELECT id FROM customers ORDER BY -id

SELECT id FROM customers ORDER BY id % 3, id / 2 DESC, id

SELECT id FROM customers ORDER BY length(name), upper(name), id

SELECT id, CASE WHEN id < 10 THEN 'low' ELSE 'high' END AS class FROM customers ORDER BY class, id

SELECT id FROM customers ORDER BY credit IS NULL, credit * -1, id

SELECT slug FROM pages ORDER BY slug

SELECT slug FROM pages ORDER BY slug DESC

SELECT slug FROM pages ORDER BY slug COLLATE "C"

SELECT slug FROM pages ORDER BY lower(slug), slug

SELECT slug, title FROM pages ORDER BY title NULLS FIRST, slug

SELECT slug, code FROM pages ORDER BY code, slug

SELECT slug, views FROM pages ORDER BY views DESC NULLS LAST, slug

SELECT slug, rating FROM pages ORDER BY rating, slug

SELECT id, kind FROM events ORDER BY id

SELECT id, kind FROM events ORDER BY kind DESC, id DESC

SELECT id, at FROM events ORDER BY at, id

SELECT id, amount FROM events ORDER BY amount, id

SELECT id, duration FROM events ORDER BY duration, id

SELECT * FROM readings ORDER BY region, device, at

SELECT region, device, raw FROM devices ORDER BY raw, region, device

SELECT id, share FROM staff ORDER BY share DESC, id

SELECT id, grade FROM staff ORDER BY grade NULLS FIRST, id

SELECT id, placed FROM orders ORDER BY placed, customer_id, id

SELECT placed::date AS day, customer_id, id FROM orders ORDER BY day DESC NULLS LAST, 2, 3

SELECT customer_id, id, total, ROW (customer_id, id) FROM orders ORDER BY ROW (customer_id, id)

SELECT name FROM customers ORDER BY name USING >

SELECT id FROM customers ORDER BY (SELECT 1), id

SELECT id FROM customers ORDER BY 'constant'::text, id

-- case: limit and offset
SELECT id FROM customers ORDER BY id LIMIT 5

SELECT id FROM customers ORDER BY id LIMIT 5 OFFSET 3

SELECT id FROM customers ORDER BY id OFFSET 30

SELECT id FROM customers ORDER BY id OFFSET 1000

SELECT id FROM customers ORDER BY id LIMIT 0

SELECT id FROM customers ORDER BY id LIMIT ALL

SELECT id FROM customers ORDER BY id LIMIT NULL OFFSET NULL

SELECT id FROM customers ORDER BY id LIMIT 2 + 1

SELECT id FROM customers ORDER BY id LIMIT (SELECT 4)

SELECT id FROM customers ORDER BY id LIMIT '3'

SELECT id FROM customers ORDER BY id LIMIT 2.5

SELECT id FROM customers ORDER BY id FETCH FIRST 3 ROWS ONLY

SELECT id FROM customers ORDER BY id OFFSET 2 ROWS FETCH NEXT ROW ONLY

SELECT country FROM customers ORDER BY country FETCH FIRST 3 ROWS WITH TIES

SELECT id FROM customers ORDER BY id LIMIT -1

SELECT id FROM customers ORDER BY id OFFSET -1

SELECT id FROM customers ORDER BY id LIMIT 'x'

SELECT count(*) FROM (SELECT id FROM customers LIMIT 5) s

SELECT credit FROM customers ORDER BY credit DESC NULLS LAST LIMIT 3

SELECT slug, views FROM pages ORDER BY views DESC, slug LIMIT 4 OFFSET 2

SELECT id FROM customers WHERE id > 1000000 ORDER BY name LIMIT 2

SELECT id, name FROM customers ORDER BY name DESC, id LIMIT 10000000000

-- case: distinct
SELECT DISTINCT country FROM customers

SELECT DISTINCT country FROM customers ORDER BY country

SELECT DISTINCT country, active FROM customers ORDER BY 2 DESC, 1 NULLS FIRST

SELECT DISTINCT ON (country) country, id FROM customers ORDER BY country, id

SELECT DISTINCT ON (country) country, name, id FROM customers ORDER BY country DESC, name DESC, id LIMIT 2

SELECT DISTINCT id, country FROM customers ORDER BY country, id

SELECT DISTINCT ON (customer_id) customer_id, id, total FROM orders ORDER BY customer_id, total DESC NULLS LAST, id

SELECT DISTINCT a, b FROM loose

SELECT DISTINCT t FROM loose ORDER BY t LIMIT 2 OFFSET 1

SELECT DISTINCT n FROM loose WHERE n > 1

SELECT DISTINCT customer_id % 2 FROM orders

SELECT DISTINCT profile -> 'age' FROM customers

SELECT DISTINCT name FROM customers ORDER BY id

SELECT DISTINCT count(*) FROM orders GROUP BY customer_id

-- case: computed columns
SELECT id, credit * 2, credit / 3, round(credit), -credit, abs(credit), credit % 7 FROM customers

SELECT id, name || '!', length(name), upper(name), substr(name, 2), left(name, 1), md5(name) FROM customers

SELECT id, COALESCE(country, '??'), NULLIF(country, 'DE'), GREATEST(id, 5), LEAST(id, credit) FROM customers

SELECT id, joined + 30, joined - date '2024-01-01', date_trunc('month', joined), extract(year FROM joined), to_char(joined, 'DD.MM.YYYY') FROM customers

SELECT id, age(timestamp '2024-06-01', joined), joined::timestamptz AT TIME ZONE 'Asia/Tokyo' FROM customers

SELECT id, tags[1], array_length(tags, 1), tags || 'z', tags @> '{a}', 'a' = ANY (tags), cardinality(tags) FROM customers

SELECT id, profile ->> 'age', profile #>> '{likes,0}', profile ? 'vip', jsonb_typeof(profile), profile @> '{"age": 30}' FROM customers

SELECT id, payload -> 'a' -> 'b' -> 2 ->> 'c', jsonb_path_query_first(payload, '$.a.b[*]') FROM events

SELECT id, feeling > 'ok', feeling::text || '!', enum_range(feeling) FROM customers

SELECT id, CASE country WHEN 'DE' THEN 1 WHEN 'FR' THEN 2 END, country::text || '|' FROM customers

SELECT slug, rating / 2, rating::int FROM pages WHERE rating < 100

SELECT id, amount, amount * 2, trunc(amount, 2) FROM events WHERE amount <> 'NaN'

SELECT region, device, encode(raw, 'hex'), length(raw), raw || '\x01' FROM devices

SELECT id, xmin IS NOT NULL FROM customers WHERE id < 5

SELECT id, twice(id), grade_name(grade) FROM staff WHERE id < 1000

SELECT (customers).name, (customers.*) IS NULL FROM customers

SELECT to_jsonb(c) FROM customers c

SELECT row_to_json(x) FROM (SELECT id, name FROM customers) x

SELECT format('%s: %I %L', id, name, country) FROM customers

SELECT unnest(tags), id FROM customers

SELECT id, jsonb_object_keys(profile) FROM customers WHERE jsonb_typeof(profile) = 'object'

SELECT id, generate_series(1, 2) AS n FROM customers ORDER BY id, n LIMIT 5
