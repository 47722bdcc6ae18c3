-- writes
-- case: update by key
UPDATE customers SET name = 'Changed' WHERE id = 3

UPDATE customers SET name = name || '!', credit = credit + 1 WHERE id = 4 RETURNING *

UPDATE customers c SET country = NULL WHERE c.id = 5 RETURNING c.id, country

UPDATE customers SET (name, country) = ('Two', 'FR') WHERE id = 6

UPDATE customers SET (name, country) = (SELECT name, code FROM countries WHERE code = 'JP') WHERE id = 7 RETURNING name, country

UPDATE customers SET credit = DEFAULT, feeling = DEFAULT WHERE id = 8 RETURNING credit, feeling

UPDATE customers SET name = 'x' WHERE id = 123456

UPDATE customers SET id = 9, name = 'same key' WHERE id = 9

UPDATE customers SET id = id WHERE id = 9

UPDATE orders SET total = total * 2 WHERE customer_id = 3 AND id = 1 RETURNING total

UPDATE orders SET total = 1 WHERE customer_id = 5

UPDATE customers SET tags[1] = 'first', profile = jsonb_set(COALESCE(profile, '{}'), '{a}', '1') WHERE id = 10 AND jsonb_typeof(profile) = 'object'

UPDATE pages SET views = COALESCE(views, 0) + 1 WHERE slug = 'index' RETURNING views

UPDATE readings SET value = 0 WHERE region = 'north' AND device = 1

UPDATE tickets SET price = price + 1 WHERE id = 2 RETURNING gross, label

UPDATE customers SET name = 'x' WHERE id IN (11, 12, 13) RETURNING id

UPDATE customers SET name = old_name.name FROM (SELECT name FROM countries WHERE code = 'BR') old_name WHERE id = 14 RETURNING customers.name

UPDATE customers SET credit = 5 WHERE id = 15 RETURNING old.credit, new.credit

-- case: update of many
UPDATE customers SET active = NOT active

UPDATE customers SET credit = credit + 1 WHERE country = 'DE' RETURNING id, credit

UPDATE customers SET country = 'ZZ' WHERE country IS NULL

UPDATE orders SET status = 'late' WHERE placed < '2024-03-01' AND status <> 'paid'

UPDATE orders SET total = NULL WHERE total = 0 RETURNING customer_id, id

UPDATE items SET price = round(price * 1.1, 2) WHERE quantity > 1

UPDATE loose SET a = COALESCE(a, 0) + 1, b = a

UPDATE metrics SET value = value + 1

UPDATE metrics SET day = day + 31 WHERE day < '2024-01-10'

UPDATE readings SET flags = flags || 9 WHERE region <> 'north'

UPDATE staff SET salary = salary * 1.05 WHERE grade IN (1, 2) RETURNING id, salary

UPDATE pages SET code = upper(code), body = body || '.' RETURNING slug, code

UPDATE notes SET body = upper(body)

UPDATE countries SET continent = 'Nowhere' WHERE continent IS NULL RETURNING code

UPDATE products SET price = price * 2

UPDATE "Odd Table" SET "select" = '(' || "select" || ')', "a""b" = 0

UPDATE shop.customers SET vip = true WHERE vip IS NULL

-- case: update with other tables
UPDATE orders o SET note = c.country FROM customers c WHERE c.id = o.customer_id AND c.country = 'DE'

UPDATE orders SET status = 'vip' FROM shop.customers s WHERE s.id = orders.customer_id AND s.vip RETURNING orders.customer_id, orders.id

UPDATE customers SET credit = (SELECT sum(total) FROM orders o WHERE o.customer_id = customers.id)

UPDATE customers SET active = true WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = customers.id AND o.total > 100)

UPDATE customers SET active = false WHERE id IN (SELECT customer_id FROM orders WHERE status = 'lost')

UPDATE customers SET name = k.name FROM countries k WHERE k.code = customers.country

UPDATE items i SET price = p.price FROM products p WHERE p.id = i.product_id AND i.customer_id = 3 RETURNING i.line, i.price

UPDATE items i SET price = p.price FROM products p, orders o WHERE p.id = i.product_id AND o.customer_id = i.customer_id AND o.id = i.order_id AND o.status = 'paid'

UPDATE customers SET credit = v.credit FROM (VALUES (1, 11.5), (2, 22.5), (3, 33)) v (id, credit) WHERE v.id = customers.id RETURNING customers.id, customers.credit

UPDATE notes SET body = 'c' WHERE id IN (1, 2) RETURNING *

WITH d AS (SELECT 3 AS id) UPDATE customers SET name = 'cte' FROM d WHERE customers.id = d.id RETURNING customers.id

UPDATE orders SET total = total + (SELECT max(price) FROM products) WHERE total > 100

-- refused: SG007
UPDATE staff s SET salary = b.salary FROM staff b WHERE b.id = s.boss

-- refused: SG007
UPDATE customers SET credit = (SELECT max(credit) FROM customers)

-- refused: SG008
UPDATE notes SET body = c.name FROM customers c WHERE c.id = notes.customer_id

-- refused: SG003
UPDATE shop.customers SET id = id + 1000

-- refused: SG003
UPDATE shop.customers SET id = 7777 WHERE id = 9

-- case: delete by key
DELETE FROM items WHERE customer_id = 3 AND order_id = 1 AND line = 1 RETURNING *

DELETE FROM orders WHERE customer_id = 3 AND id = 2

DELETE FROM customers WHERE id = 3 RETURNING id, name

DELETE FROM customers WHERE id = 3

DELETE FROM pages WHERE slug IN ('a', 'A', 'b') RETURNING slug

DELETE FROM events WHERE id = '00000000-0000-0000-0000-000000000000'

DELETE FROM readings WHERE (region, device) = ('north', 2)

DELETE FROM tickets t WHERE t.id = 4 RETURNING t.*

-- case: delete of many
DELETE FROM items WHERE quantity = 0

DELETE FROM orders WHERE total > 500 RETURNING customer_id, id, total

DELETE FROM orders USING customers c WHERE c.id = orders.customer_id AND c.country = 'FR'

DELETE FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) RETURNING c.id

DELETE FROM orders WHERE customer_id IN (SELECT id FROM shop.customers WHERE vip)

DELETE FROM items USING products p WHERE p.id = items.product_id AND p.category = 'food'

DELETE FROM loose WHERE a = b

DELETE FROM loose

DELETE FROM notes WHERE id > 6 RETURNING id

DELETE FROM metrics WHERE day >= '2024-02-01'

DELETE FROM products WHERE id = 8

DELETE FROM products WHERE id = 1

DELETE FROM countries WHERE code = 'AQ' RETURNING *

DELETE FROM ONLY staff WHERE boss IS NULL

-- refused: SG007
DELETE FROM staff s USING staff b WHERE b.id = s.boss AND b.grade = 5

-- refused: SG008
DELETE FROM notes WHERE customer_id IN (SELECT id FROM customers)

-- case: mistakes
UPDATE customers SET nothing = 1

UPDATE customers SET name = NULL WHERE id = 1

--- Which row fails first is up to chance.
-- may differ: detail
UPDATE customers SET name = NULL

-- may differ: detail
UPDATE orders SET total = -1 WHERE customer_id = 1

-- may differ: detail
UPDATE orders SET total = -1

UPDATE customers SET credit = 'x' WHERE id = 1

UPDATE customers SET name = 1 / 0 WHERE id = 1

UPDATE customers SET credit = 1 / 0

-- refused: SG003
UPDATE customers SET id = 2 WHERE id = 1 AND false

UPDATE customers SET name = x.name FROM nothing x

UPDATE nothing SET x = 1

DELETE FROM nothing

DELETE FROM customers WHERE nothing = 1

DELETE FROM customers c WHERE customers.id = 1

UPDATE customers SET name = 'a', name = 'b'

UPDATE items SET product_id = 999 WHERE customer_id = 4

UPDATE tickets SET gross = 1

UPDATE tickets SET tax = 200 WHERE id = 1
