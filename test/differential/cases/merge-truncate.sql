-- writes
-- case: merge
MERGE INTO notes n USING (VALUES (1, 'merged'), (900, 'inserted')) v (id, body) ON n.id = v.id
WHEN MATCHED THEN UPDATE SET body = v.body
WHEN NOT MATCHED THEN INSERT (id, body) VALUES (v.id, v.body)

MERGE INTO notes n USING digits d ON n.id = d.n
WHEN MATCHED AND d.word = 'two' THEN DELETE
WHEN MATCHED THEN DO NOTHING
WHEN NOT MATCHED BY SOURCE THEN UPDATE SET body = 'unmatched'
RETURNING merge_action(), n.id

-- refused: SG010
MERGE INTO customers c USING shop.customers s ON s.id = c.id WHEN MATCHED THEN UPDATE SET name = s.name

-- refused: SG010
MERGE INTO customers c USING (VALUES (1, 'x'), (998, 'y')) v (id, name) ON v.id = c.id WHEN MATCHED THEN UPDATE SET name = v.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.id, v.name)

-- case: truncate
TRUNCATE items

TRUNCATE TABLE orders

TRUNCATE orders, items

TRUNCATE customers CASCADE

TRUNCATE countries

TRUNCATE notes RESTART IDENTITY

TRUNCATE ONLY pages

TRUNCATE metrics_1

TRUNCATE nothing

BEGIN

TRUNCATE loose

SELECT count(*) FROM loose

ROLLBACK

SELECT count(*) FROM loose
