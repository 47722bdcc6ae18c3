-- writes
-- case: commit and rollback
BEGIN

INSERT INTO customers (id, name) VALUES (700, 'a'), (701, 'b'), (702, 'c'), (703, 'd')

SELECT count(*) FROM customers WHERE id >= 700

UPDATE customers SET name = 'x' WHERE id = 700

COMMIT

SELECT name FROM customers WHERE id IN (700, 701, 702, 703) ORDER BY id

START TRANSACTION

DELETE FROM orders

DELETE FROM customers WHERE id >= 700

SELECT count(*) FROM customers

ROLLBACK

SELECT count(*) FROM orders

SELECT count(*) FROM customers

BEGIN WORK

COMMIT WORK

BEGIN; 

END

COMMIT

ROLLBACK

BEGIN

BEGIN

ABORT

-- case: errors
BEGIN

INSERT INTO customers (id, name) VALUES (710, 'a'), (711, 'b'), (712, 'c')

INSERT INTO customers (id, name) VALUES (710, 'again')

SELECT 1

SELECT * FROM customers

nonsense

COMMIT

SELECT count(*) FROM customers WHERE id BETWEEN 710 AND 719

BEGIN

SELECT 1 / 0

ROLLBACK

BEGIN

SELECT * FROM nothing

SAVEPOINT a

END

-- case: savepoints
BEGIN

SAVEPOINT a

INSERT INTO customers (id, name) VALUES (720, 'a'), (721, 'a'), (722, 'a')

SAVEPOINT b

UPDATE customers SET name = 'b' WHERE id >= 720 AND id < 730

SELECT name FROM customers WHERE id IN (720, 721, 722)

ROLLBACK TO SAVEPOINT b

SELECT name FROM customers WHERE id IN (720, 721, 722)

INSERT INTO customers (id, name) VALUES (720, 'twice'), (725, 'x')

SELECT 1

ROLLBACK TO b

SELECT count(*) FROM customers WHERE id BETWEEN 720 AND 729

RELEASE SAVEPOINT b

ROLLBACK TO a

SELECT count(*) FROM customers WHERE id BETWEEN 720 AND 729

INSERT INTO customers (id, name) VALUES (723, 'after')

RELEASE a

COMMIT

SELECT id FROM customers WHERE id BETWEEN 720 AND 729

SAVEPOINT x

ROLLBACK TO x

BEGIN

ROLLBACK TO x

COMMIT

BEGIN

INSERT INTO notes (id) VALUES (7000)

SAVEPOINT s1

INSERT INTO customers (id, name) VALUES (730, 'x')

SAVEPOINT "S 2"

INSERT INTO pages (slug) VALUES ('in transaction')

SELECT nothing

ROLLBACK TO "S 2"

INSERT INTO pages (slug) VALUES ('in transaction 2')

RELEASE s1

COMMIT

SELECT slug FROM pages WHERE slug LIKE 'in transaction%'

-- case: isolation and modes
BEGIN ISOLATION LEVEL REPEATABLE READ

SELECT count(*) FROM customers

SHOW transaction_isolation

COMMIT

BEGIN READ ONLY

SELECT count(*) FROM customers

UPDATE customers SET name = 'x'

ROLLBACK

BEGIN READ ONLY

INSERT INTO customers (id, name) VALUES (740, 'x')

ROLLBACK

BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE

SELECT count(*) FROM customers WHERE id = 3

COMMIT

BEGIN

SET TRANSACTION ISOLATION LEVEL REPEATABLE READ

SELECT count(*) FROM orders

SET TRANSACTION ISOLATION LEVEL READ COMMITTED

ROLLBACK

SET default_transaction_read_only TO on

INSERT INTO customers (id, name) VALUES (741, 'x')

RESET default_transaction_read_only

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

DELETE FROM customers WHERE id = 1

SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE

BEGIN

INSERT INTO customers (id, name) VALUES (742, 'x'), (743, 'x')

COMMIT AND CHAIN

INSERT INTO customers (id, name) VALUES (744, 'x'), (745, 'x')

ROLLBACK AND CHAIN

SELECT count(*) FROM customers WHERE id BETWEEN 740 AND 749

COMMIT

-- case: settings and transactions
SET work_mem TO '5MB'

SHOW work_mem

BEGIN

SET work_mem TO '6MB'

SET LOCAL application_name TO 'inside'

SHOW application_name

SELECT current_setting('work_mem'), count(*) FROM customers

ROLLBACK

SHOW work_mem

SHOW application_name

SET LOCAL work_mem TO '7MB'

SHOW work_mem

RESET work_mem

SHOW work_mem

SET nonsense TO 1

SET work_mem TO 'x'

SHOW nonsense

SET my.setting TO 'yes'

SHOW my.setting

SELECT current_setting('my.setting'), id FROM customers WHERE id = 3

SELECT set_config('my.setting', 'no', false)

SELECT current_setting('my.setting'), count(*) FROM customers

RESET ALL

SELECT current_setting('my.setting', true)

DISCARD ALL

-- case: ddl in a transaction
BEGIN

CREATE TABLE temporary_thing (id int PRIMARY KEY, v text)

INSERT INTO temporary_thing VALUES (1, 'a')

SELECT * FROM temporary_thing

ROLLBACK

SELECT * FROM temporary_thing

BEGIN

ALTER TABLE customers ADD COLUMN extra int DEFAULT 7

SELECT id, extra FROM customers WHERE id < 4 ORDER BY id

UPDATE customers SET extra = 8 WHERE id = 2

SELECT sum(extra) FROM customers

ROLLBACK

SELECT * FROM customers WHERE id = 2

-- case: multiple statements in one message
INSERT INTO customers (id, name) VALUES (750, 'a'); INSERT INTO customers (id, name) VALUES (751, 'b'); SELECT count(*) FROM customers WHERE id IN (750, 751)

INSERT INTO customers (id, name) VALUES (752, 'a'); SELECT 1 / 0; INSERT INTO customers (id, name) VALUES (753, 'b')

SELECT count(*) FROM customers WHERE id IN (752, 753)

BEGIN; INSERT INTO customers (id, name) VALUES (754, 'a'); COMMIT; INSERT INTO customers (id, name) VALUES (755, 'b'); SELECT nothing

SELECT id FROM customers WHERE id IN (754, 755)

INSERT INTO customers (id, name) VALUES (756, 'a'); BEGIN; INSERT INTO customers (id, name) VALUES (757, 'b')

ROLLBACK

SELECT id FROM customers WHERE id IN (756, 757)

INSERT INTO customers (id, name) VALUES (758, 'a'); ROLLBACK; INSERT INTO customers (id, name) VALUES (759, 'b')

SELECT id FROM customers WHERE id IN (758, 759)

;

;;SELECT 1;;SELECT 2;

SELECT 1; syntax error; SELECT 2

SELECT 1 AS a; SELECT count(*) AS b FROM customers; SELECT id FROM customers ORDER BY id LIMIT 2; UPDATE customers SET name = name WHERE id = 1

/* only a comment */

SELECT 1; SAVEPOINT x

BEGIN; SELECT count(*) FROM customers; SAVEPOINT x; DELETE FROM items; ROLLBACK TO x; SELECT count(*) FROM items; COMMIT

UPDATE customers SET credit = 1 WHERE id = 1; UPDATE customers SET credit = 2 WHERE id = 2; UPDATE customers SET credit = 3 WHERE id = 3; SELECT x

SELECT id, credit FROM customers WHERE id IN (1, 2, 3) ORDER BY id
