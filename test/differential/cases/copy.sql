-- writes
-- case: into tables
COPY customers (id, name, country, credit) FROM STDIN;
1001	one	DE	1.5
1002	t\\wo	\N	\N
1003	thr\tee	FR	0
1004	four\nlines	US	-1
\.

COPY customers FROM STDIN WITH (FORMAT csv, HEADER);
id,name,country,credit,feeling,joined,active,tags,profile
1011,"a, b",DE,1,ok,2024-01-01,t,"{a,b}","{""a"": 1}"
1012,"quote "" inside",,,,,f,,
1013,"two
lines",FR,2.50,sad,,true,{},[]
\.

COPY orders (customer_id, id, total) FROM STDIN WITH (DELIMITER '|', NULL 'null');
1001|1|5
1002|1|null
1003|1|7
\.

COPY pages (slug, views) FROM STDIN;
c1	1
c2	2
c\\3	3
	4
\.

COPY pages (views, slug) FROM STDIN CSV;
1,c4
2,"c,5"
3,"c ""6"""
\.

COPY countries FROM STDIN;
GR	Greece	Europe
\.

COPY notes FROM STDIN (FORMAT csv, QUOTE '''', FORCE_NULL (body));
2001,1,'it''s',2024-01-01
2002,,'',
\.

COPY readings FROM STDIN;
north	91	2024-01-01	1	{1}
south	92	2024-01-01	\N	\N
\.

COPY events (id, kind) FROM STDIN;
aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa	copied
BBBBBBBB-BBBB-BBBB-BBBB-BBBBBBBBBBBB	copied
\.

COPY metrics FROM STDIN;
50	2024-01-09	1
51	2024-02-09	2
52	2026-01-01	3
\.

COPY "Odd Table" ("Key", "select") FROM STDIN;
501	x
502	\N
\.

COPY loose FROM STDIN;
\.

COPY tickets (id, price) FROM STDIN;
501	1.5
502	2
\.

BEGIN

COPY loose (k, t) FROM STDIN;
1	in transaction
2	in transaction
3	in transaction
\.

SELECT count(*) FROM loose WHERE t = 'in transaction'

ROLLBACK

SELECT count(*) FROM loose WHERE t = 'in transaction'

-- case: mistakes in data
-- may differ: where
COPY customers (id, name) FROM STDIN;
1101	ok
1102	ok	too many
1103	ok
\.

-- may differ: where
COPY customers (id, name) FROM STDIN;
1101	ok
1102
\.

-- may differ: where
COPY customers (id, name) FROM STDIN;
1101	ok
abc	not a number
\.

-- may differ: where
COPY customers (id, name) FROM STDIN;
1101	ok
1	exists
1102	ok
\.

-- may differ: where
COPY customers (id, name, credit) FROM STDIN;
1101	ok	1
1102	ok	x
1103	ok	1
\.

-- may differ: where, detail
COPY customers (id, name) FROM STDIN;
\N	no key
\.

-- may differ: where
COPY orders (customer_id, id, total) FROM STDIN;
1	1200	1
2	1200	-1
\.

-- may differ: where
COPY orders (customer_id, id, total) FROM STDIN;
1	1201	1
987654	1201	1
\.

COPY nothing FROM STDIN;
1
\.

COPY customers (id, nothing) FROM STDIN;
1
\.

COPY customers (id, name) FROM STDIN WITH (FORMAT nonsense);
1
\.

SELECT count(*) FROM customers

-- case: out of tables
COPY customers TO STDOUT

COPY customers (name, id) TO STDOUT

COPY customers (id, name, country) TO STDOUT WITH (FORMAT csv)

COPY notes TO STDOUT WITH (FORMAT csv, HEADER)

COPY orders TO STDOUT WITH (DELIMITER ',', NULL '<null>')

COPY pages (slug, body) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)

COPY countries TO STDOUT

COPY (SELECT id, name FROM customers WHERE id = 3) TO STDOUT

COPY (SELECT id, name FROM customers WHERE active) TO STDOUT

COPY (SELECT customer_id, count(*) FROM orders GROUP BY customer_id) TO STDOUT CSV

-- refused: SG058
COPY (SELECT count(*) FROM customers) TO STDOUT

-- refused: SG058
COPY (SELECT id FROM customers ORDER BY id) TO STDOUT

COPY (SELECT 1, 'a	b', NULL) TO STDOUT

COPY metrics TO STDOUT

COPY nothing TO STDOUT

COPY customers (nothing) TO STDOUT

COPY active_customers TO STDOUT
