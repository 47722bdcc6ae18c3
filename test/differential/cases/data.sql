--- The rows of the tables of schema.sql: what was there is gone afterwards. Equal numerics have equal scales in a column,
--- floating point numbers are exact sums of powers of two, so that sums do not depend on the order of rows.

-- case: empty
TRUNCATE countries, products, customers, orders, items, pages, events, readings, devices, staff, loose, notes, digits, metrics, tickets, "Odd Table", shop.customers, shop.stock;

-- case: countries
COPY countries FROM STDIN;
DE	Germany	Europe
FR	France	Europe
US	United States	America
BR	Brazil	America
JP	Japan	Asia
AQ	Antarctica	\N
\.

-- case: products
COPY products FROM STDIN;
1	anvil	120.00	tools	\N
2	bolt	0.10	parts	1
3	crane	9800.50	tools	\N
4	drill	80.00	tools	1
5	egg	0.30	food	\N
6	flour	1.20	food	5
7	glue	\N	parts	2
8	hat	15.00	\N	\N
\.

-- case: customers
COPY customers FROM STDIN;
1	Jon ö	BR	0.00	sad	2024-12-31	t	{}	[1, 2]
2	Finn Bo	DE	7.10	happy	\N	t	{c,NULL,"d e"}	{"age": null, "vip": true}
3	Dan Ax	FR	\N	happy	2023-01-15	t	{}	[1, 2]
4	Eve	BR	0.00	ok	1999-12-31	t	{a,b}	{"age": 41}
5	Hal ö	JP	7.10	happy	2023-01-15	t	{c,NULL,"d e"}	{"age": 30, "likes": ["x", "y"]}
6	Ida ö	\N	-3.25	sad	2024-02-29	f	{a}	{"age": 41}
7	Hal Bo	XX	\N	ok	2023-06-30	t	{a}	{}
8	Bob Ax	FR	7.10	happy	1999-12-31	f	{}	[1, 2]
9	Ida	FR	\N	sad	2024-02-29	f	{c,NULL,"d e"}	{"age": null, "vip": true}
10	Cleo	BR	100.00	happy	2024-02-29	t	{a,b}	{"age": null, "vip": true}
11	Finn Ax	XX	-3.25	\N	2023-01-15	f	\N	{"age": 41}
12	Gus	BR	7.10	\N	2023-06-30	t	{a,b}	[1, 2]
13	Jon Ax	BR	\N	ok	1999-12-31	t	{c,NULL,"d e"}	{"age": 41}
14	Bob	FR	99.99	sad	1999-12-31	f	{}	{"age": 41}
15	Ida	BR	0.00	sad	2024-12-31	t	{a,b}	{}
16	Cleo Bo	FR	7.10	sad	2024-02-29	t	{}	{"age": 30, "likes": ["x", "y"]}
17	Cleo	DE	99.99	happy	2023-01-15	t	{c,NULL,"d e"}	{"age": 30, "likes": ["x", "y"]}
18	Finn Ax	FR	10.50	happy	2023-01-15	f	{c,NULL,"d e"}	{"age": 41}
19	Cleo	US	0.00	\N	2024-12-31	t	{}	[1, 2]
20	Eve ö	FR	100.00	happy	1999-12-31	t	{a}	{"age": 30, "likes": ["x", "y"]}
21	Ida	BR	10.50	happy	2023-06-30	f	\N	{"age": 41}
22	Finn	XX	0.00	sad	2023-06-30	t	{a,b}	\N
23	Finn	DE	\N	happy	2023-01-15	f	{c,NULL,"d e"}	[1, 2]
24	Ada	DE	10.50	sad	2024-12-31	t	{}	{"age": null, "vip": true}
25	Ida	DE	-3.25	ok	2023-06-30	t	{c,NULL,"d e"}	\N
26	Bob Ax	US	10.50	\N	2024-02-29	t	{a,b}	{}
27	Finn Bo	\N	100.00	happy	1999-12-31	t	{c,NULL,"d e"}	{"age": 41}
28	Hal ö	JP	10.50	happy	2023-06-30	t	\N	{"age": 41}
29	Hal	US	-3.25	ok	2023-01-15	t	{c,NULL,"d e"}	{"age": 30, "likes": ["x", "y"]}
30	Hal ö	DE	99.99	\N	2024-02-29	t	{}	{"age": 30, "likes": ["x", "y"]}
100	Ada Ax	JP	99.99	sad	1999-12-31	t	{a}	[1, 2]
-5	Ida ö	BR	7.10	\N	2024-12-31	f	{}	[1, 2]
0	Dan Bo	US	1000.00	\N	\N	t	{c,NULL,"d e"}	{"age": 30, "likes": ["x", "y"]}
2147483647	Dan Ax	BR	1000.00	ok	\N	f	\N	{}
\.

-- case: orders
COPY orders FROM STDIN;
1	1	2024-06-14 12:00:00+00	0.00	sent	\N
1	2	\N	19.99	new	\N
3	1	\N	250.75	paid	Gift
3	2	2024-04-27 14:00:00+00	250.75	new	gift
3	3	\N	\N	paid	gift
3	4	\N	10.00	paid	Gift
3	5	2024-03-01 23:30:00+00	19.99	paid	gift
4	1	2024-01-27 23:30:00+00	250.75	paid	a_b%c
4	2	2024-02-26 20:30:00+00	250.75	paid	Gift
4	3	2024-06-25 08:00:00+00	0.00	new	Gift
4	4	2024-06-13 14:00:00+00	10.00	paid	urgent
4	5	2024-05-08 19:30:00+00	\N	\N	gift
5	1	2024-05-23 01:00:00+00	1000.00	\N	a_b%c
5	2	\N	10.00	new	a_b%c
5	3	\N	250.75	new	
5	4	2024-06-19 13:30:00+00	5.00	\N	a_b%c
5	5	\N	1000.00	lost	a_b%c
6	1	2024-03-16 16:00:00+00	1000.00	new	a_b%c
6	2	2024-02-14 08:30:00+00	1000.00	\N	urgent
6	3	2024-06-09 06:00:00+00	19.99	\N	gift
7	1	2024-02-01 03:30:00+00	\N	\N	gift
7	2	2024-06-24 05:00:00+00	19.99	sent	Gift
7	3	2024-05-17 11:30:00+00	\N	new	urgent
8	1	2024-01-23 20:30:00+00	5.00	\N	urgent
8	2	2024-04-19 21:30:00+00	10.00	\N	urgent
8	3	2024-06-18 16:30:00+00	250.75	lost	a_b%c
8	4	\N	19.99	sent	\N
8	5	2024-03-22 11:30:00+00	0.00	paid	\N
9	1	\N	0.00	paid	a_b%c
10	1	\N	5.00	lost	\N
10	2	2024-06-03 21:00:00+00	19.99	\N	Gift
10	3	2024-02-09 21:00:00+00	5.00	\N	
10	4	\N	\N	lost	Gift
10	5	2024-05-18 17:00:00+00	1000.00	paid	Gift
12	1	2024-01-11 05:30:00+00	10.00	paid	urgent
12	2	2024-05-21 04:30:00+00	5.00	lost	a_b%c
13	1	2024-04-12 06:30:00+00	1000.00	\N	
13	2	2024-02-03 17:30:00+00	19.99	\N	\N
14	1	2024-03-21 08:00:00+00	5.00	sent	urgent
14	2	2024-01-03 03:30:00+00	5.00	lost	urgent
15	1	2024-06-08 21:00:00+00	19.99	\N	gift
16	1	2024-06-26 21:00:00+00	0.00	sent	Gift
16	2	\N	1000.00	new	
18	1	2024-02-12 03:00:00+00	19.99	new	\N
18	2	2024-01-21 00:00:00+00	\N	new	urgent
18	3	\N	5.00	sent	
18	4	2024-02-11 17:30:00+00	19.99	lost	gift
18	5	2024-02-05 03:00:00+00	250.75	paid	
19	1	2024-02-06 05:00:00+00	0.00	\N	Gift
19	2	2024-04-02 14:00:00+00	10.00	paid	urgent
20	1	\N	1000.00	lost	urgent
20	2	2024-05-15 19:30:00+00	\N	sent	Gift
20	3	2024-04-25 21:00:00+00	250.75	paid	gift
21	1	2024-04-19 19:30:00+00	1000.00	new	gift
21	2	2024-02-09 09:00:00+00	\N	sent	a_b%c
21	3	2024-03-28 13:30:00+00	250.75	\N	\N
22	1	\N	5.00	\N	gift
22	2	\N	1000.00	lost	\N
23	1	2024-04-10 13:00:00+00	250.75	paid	gift
23	2	2024-04-06 16:30:00+00	10.00	\N	gift
23	3	2024-03-28 16:00:00+00	250.75	sent	
25	1	2024-01-22 20:30:00+00	10.00	lost	urgent
25	2	\N	250.75	new	
27	1	2024-06-09 18:30:00+00	0.00	sent	\N
27	2	2024-02-19 03:30:00+00	19.99	paid	\N
30	1	2024-04-15 23:30:00+00	1000.00	new	urgent
30	2	2024-06-23 14:30:00+00	\N	paid	Gift
30	3	2024-01-03 11:30:00+00	0.00	sent	
30	4	2024-04-05 11:30:00+00	10.00	sent	Gift
30	5	2024-06-02 06:00:00+00	5.00	lost	\N
100	1	\N	0.00	new	gift
100	2	2024-05-24 17:00:00+00	10.00	paid	
100	3	2024-01-16 08:30:00+00	19.99	paid	
100	4	2024-06-10 22:30:00+00	0.00	paid	\N
100	5	2024-05-19 02:00:00+00	10.00	sent	a_b%c
-5	1	2024-02-10 21:00:00+00	10.00	new	gift
-5	2	2024-01-07 00:30:00+00	\N	sent	Gift
-5	3	2024-04-15 13:30:00+00	1000.00	paid	a_b%c
-5	4	2024-01-13 14:00:00+00	10.00	paid	gift
-5	5	2024-03-13 07:30:00+00	0.00	sent	urgent
0	1	2024-03-28 05:30:00+00	\N	lost	
2147483647	1	2024-06-26 23:30:00+00	5.00	new	Gift
2147483647	2	2024-01-08 12:30:00+00	10.00	lost	Gift
2147483647	3	\N	19.99	paid	\N
\.

-- case: items
COPY items FROM STDIN;
1	1	1	6	1	0.10
1	1	2	5	1	\N
1	1	3	\N	10	\N
1	2	1	\N	3	0.10
1	2	2	6	2	80.00
3	1	1	5	3	\N
3	2	1	3	\N	80.00
3	3	1	8	\N	0.10
3	3	2	4	2	80.00
4	2	1	4	10	0.10
4	2	2	6	1	1.20
4	2	3	8	2	1.20
4	3	1	\N	3	15.00
4	4	1	5	0	15.00
4	5	1	4	3	0.10
5	2	1	7	\N	\N
5	2	2	4	3	15.00
5	2	3	4	3	\N
5	3	1	5	10	\N
5	3	2	8	10	15.00
5	4	1	\N	1	15.00
5	5	1	7	10	15.00
5	5	2	4	2	80.00
6	1	1	5	0	80.00
6	1	2	4	10	80.00
6	2	1	1	1	15.00
6	2	2	5	3	15.00
6	3	1	4	2	80.00
7	3	1	7	10	0.10
7	3	2	4	\N	\N
7	3	3	5	10	0.10
8	2	1	2	3	\N
8	2	2	1	\N	0.10
8	2	3	6	3	80.00
8	3	1	6	0	15.00
8	4	1	5	1	0.10
8	4	2	8	2	1.20
8	4	3	7	0	80.00
9	1	1	\N	\N	0.10
9	1	2	1	\N	\N
9	1	3	4	2	80.00
10	1	1	\N	0	15.00
10	1	2	5	1	1.20
10	1	3	8	1	0.10
10	2	1	3	3	15.00
10	2	2	6	1	\N
10	3	1	\N	3	80.00
10	3	2	1	0	1.20
10	4	1	8	10	15.00
10	4	2	8	3	15.00
10	5	1	3	10	0.10
10	5	2	1	\N	\N
12	1	1	2	3	\N
12	1	2	5	0	1.20
12	2	1	8	\N	\N
12	2	2	8	10	\N
12	2	3	4	3	\N
13	1	1	8	1	\N
13	2	1	3	\N	0.10
13	2	2	3	2	0.10
14	1	1	3	\N	\N
15	1	1	7	10	80.00
15	1	2	6	10	0.10
16	1	1	7	2	\N
16	2	1	\N	2	80.00
18	2	1	5	1	0.10
18	2	2	2	1	15.00
18	2	3	6	1	1.20
18	3	1	6	2	\N
18	3	2	6	1	15.00
18	4	1	1	10	80.00
18	4	2	5	2	80.00
18	5	1	7	2	80.00
19	1	1	8	2	1.20
19	2	1	5	1	0.10
19	2	2	7	1	15.00
19	2	3	\N	10	15.00
20	1	1	7	\N	\N
20	2	1	4	0	1.20
20	2	2	\N	\N	80.00
20	2	3	6	3	1.20
20	3	1	7	3	1.20
20	3	2	\N	\N	1.20
21	1	1	\N	10	1.20
21	2	1	5	3	0.10
21	2	2	8	3	15.00
21	2	3	6	1	1.20
21	3	1	6	3	80.00
21	3	2	5	\N	15.00
21	3	3	5	1	15.00
22	1	1	5	3	\N
22	1	2	\N	0	\N
22	1	3	3	1	15.00
23	1	1	6	\N	80.00
23	1	2	3	10	0.10
23	1	3	7	3	1.20
23	3	1	1	10	1.20
23	3	2	6	10	80.00
25	1	1	7	2	\N
25	1	2	7	3	80.00
25	2	1	8	2	\N
27	1	1	1	1	\N
30	4	1	5	2	\N
30	4	2	2	10	15.00
30	5	1	7	10	15.00
100	1	1	1	1	1.20
100	1	2	6	3	\N
100	3	1	6	2	80.00
100	3	2	5	\N	15.00
100	4	1	2	0	80.00
100	4	2	2	3	80.00
100	5	1	8	1	15.00
100	5	2	5	1	0.10
-5	2	1	6	\N	\N
-5	4	1	1	1	15.00
-5	4	2	2	1	80.00
0	1	1	1	\N	0.10
0	1	2	7	1	0.10
2147483647	1	1	1	\N	15.00
2147483647	3	1	6	0	\N
\.

-- case: pages
COPY pages FROM STDIN;
index		9000000000	Infinity	x	lorem	2
about	About us	\N	Infinity	ab		5
a	Start	9000000000	-1.25	zzzzz	lorem	100
A	About us	5	3	ab	\N	2
ä	News	0	3	ab	line one\nline two	999
Zebra	News 	100	0.5	abc	lorem	100
zebra	News	5	3	ab	line one\nline two	2
news/2024	Start	0	-1.25	x		3
news/2023	News 	5	4.75	x	line one\nline two	999
		9000000000	-1.25	abc	Lorem ipsum	5
with space	über	100	4.75	\N		1
tab\tbed	\N	\N	Infinity	abc		999
quote's	\N	100	Infinity	zzzzz	Lorem ipsum	8
100%	News 	100	-1.25	zzzzz		100
under_score	News 	5	-1.25	ab		8
ümlaut	About us	9000000000	0.5	\N	\N	999
日本	News 	\N	0.5	ab	line one\nline two	999
emoji😀	über	100	Infinity	ab	lorem	2
a-b	\N	0	-1.25	\N		3
a_b	Start	100	3	\N		100
ab	\N	100	-1.25	abc	Lorem ipsum	8
B	\N	\N	0.5	ab	Lorem ipsum	\N
b		5	4.75	\N	lorem	5
contact	über	5	\N	ab		\N
help	About us	0	Infinity	abc	\N	3
longer/path/to/page	News	100	0.5	ab   	Lorem ipsum	100
x1	About us	1	0.5	abc	line one\nline two	1
x10	News 	1	3	abc		3
x2	News 	100	Infinity	ab	\N	5
x3	About us	5	Infinity	zzzzz	line one\nline two	\N
\.

-- case: events
COPY events FROM STDIN;
ee6bef94-9731-40f8-9cc3-1778abf33165	click	infinity	\N	0.000001	1 mon 3 days	4
e878564a-638b-4f6f-8aae-e4aed355cca8	buy	2020-02-29 00:00:00	1	0	2 hours 30 minutes	50
ae4ce9af-9a1c-4d85-933b-22985ae0eba0	\N	2024-03-01 10:00:00	"text"	0	1 day	7
ec1f4bf6-1b6f-458e-9175-800eebf8bcc4	\N	2024-03-31 23:59:59.999999	1	1000000000000000000000.125	1 day	4
a8746dc7-c9ea-4417-b588-ae7e50ece34a	\N	infinity	[]	NaN	1 mon 3 days	50
85942ce2-5045-44fa-806c-f44172af811b	buy	\N	"text"	0.000001	1 day	7
a1d4a86a-678b-40b2-9e4c-9d59fc531274	view	2024-03-31 23:59:59.999999	{"a": {"b": [1, 2, {"c": "d"}]}}	1000000000000000000000.125	1 day	7
a6d551e3-94bb-4a81-8450-637e67799247	view	infinity	null	\N	1 mon 3 days	3
8eaa6b85-34c2-46cd-a3de-71530bedc6e3	buy	\N	{"a": {"b": [1, 2, {"c": "d"}]}}	NaN	-5 minutes	50
8e3fbede-77fe-4ae8-a7dc-e7be583af4fa	view	2024-03-01 10:00:00.5	[]	\N	-5 minutes	2
fca7f9d6-b316-4906-99f7-c73bb758d2de	click	2020-02-29 00:00:00	\N	\N	1 day	50
870f4dde-a711-4f84-80c1-b6f940ddd778	\N	infinity	"text"	1.5	1 day	\N
b30446bb-807e-4949-bd8c-4c8bae0919b2	\N	2024-03-01 10:00:00	[]	NaN	1 mon 3 days	4
c799daf8-543f-4ae8-8bea-31eab19e68a0	buy	2024-03-01 10:00:00.5	\N	1000000000000000000000.125	2 hours 30 minutes	7
118efecd-490a-4bb0-b220-9b5d7c40c07c	click	2024-03-01 10:00:00	{"a": {"b": [1, 2, {"c": "d"}]}}	0.000001	2 hours 30 minutes	4
6c511b28-6369-4c82-a04b-755a918ffa3d	view	2024-03-31 23:59:59.999999	null	-2.25	-5 minutes	50
2f103c78-60d5-4f91-acf3-79a04d12c5ca	buy	2024-03-01 10:00:00	"text"	\N	1 mon 3 days	1
73af6ecd-26b0-4f01-9059-4bb1cb7e66eb	buy	infinity	1	0.000001	1 mon 3 days	\N
30281937-d54b-415b-9a73-eda0c76f80ec	click	infinity	"text"	-2.25	2 hours 30 minutes	3
882a683e-472a-438c-b7c3-43970a34e616	view	2020-02-29 00:00:00	1	NaN	2 hours 30 minutes	2
1dc1c591-32ce-4e95-8fce-291e11a7afb9	click	2024-03-31 23:59:59.999999	{"a": 1}	1000000000000000000000.125	1 day	3
96b5a9dc-09ef-4e1c-8f29-ffddd1be330d	\N	infinity	\N	\N	1 day	1
1ab10327-5c23-4c17-9e87-735bf3617244	click	infinity	1	1.5	2 hours 30 minutes	1
e8314d83-6ae8-42e5-b1b6-c1e96a242433	view	infinity	[]	NaN	-5 minutes	7
00000000-0000-0000-0000-000000000000	click	\N	\N	\N	\N	\N
ffffffff-ffff-ffff-ffff-ffffffffffff	buy	2024-01-01 00:00:00	\N	3	\N	1
\.

-- case: readings
COPY readings FROM STDIN;
north	1	2024-05-01 12:00:00	100	{3,NULL}
north	1	2024-05-02 12:00:00	2.25	{1}
north	1	2024-05-03 12:00:00	-7	\N
north	2	2024-05-01 12:00:00	100	{1,2}
north	3	2024-05-01 12:00:00	100	\N
north	3	2024-05-02 12:00:00	\N	{1,2}
north	3	2024-05-03 12:00:00	100	\N
north	4	2024-05-01 12:00:00	2.5	\N
north	4	2024-05-02 12:00:00	-7	\N
north	5	2024-05-01 12:00:00	100	{3,NULL}
north	5	2024-05-02 12:00:00	1	{1,2}
south	1	2024-05-01 12:00:00	-7	\N
south	2	2024-05-01 12:00:00	100	{}
south	2	2024-05-02 12:00:00	1	{1}
south	2	2024-05-03 12:00:00	\N	\N
south	3	2024-05-01 12:00:00	100	{}
south	3	2024-05-02 12:00:00	2.5	{1,2}
south	5	2024-05-01 12:00:00	2.25	{}
East	1	2024-05-01 12:00:00	-7	{1,2}
East	1	2024-05-02 12:00:00	2.5	{}
East	1	2024-05-03 12:00:00	2.5	{3,NULL}
East	2	2024-05-01 12:00:00	2.25	\N
East	2	2024-05-02 12:00:00	\N	\N
East	2	2024-05-03 12:00:00	100	{1,2}
East	3	2024-05-01 12:00:00	2.5	{1,2}
East	3	2024-05-02 12:00:00	2.25	{1}
East	5	2024-05-01 12:00:00	1	\N
East	5	2024-05-02 12:00:00	2.5	{1,2}
	1	2024-05-01 12:00:00	-7	{}
	2	2024-05-01 12:00:00	100	{}
	3	2024-05-01 12:00:00	2.25	\N
	3	2024-05-02 12:00:00	1	{3,NULL}
	3	2024-05-03 12:00:00	1	{1}
	4	2024-05-01 12:00:00	100	{1,2}
	5	2024-05-01 12:00:00	2.5	\N
	5	2024-05-02 12:00:00	-7	{1,2}
	5	2024-05-03 12:00:00	2.5	{1}
\.

-- case: devices
COPY devices FROM STDIN;
north	1	\N	\\x00ff
north	2	meter	\N
north	3	meter	\\x00ff
north	4	\N	\\x616263
north	5	valve	\N
south	1	valve	\\x
south	2	\N	\\x616263
south	3	valve	\\x616263
south	4	meter	\\x616263
south	5	pump	\\x
East	1	meter	\N
East	2	valve	\\x00ff
East	3	pump	\\x616263
East	5	meter	\\x
	3	valve	\\x00ff
	4	valve	\\x
	5	meter	\\x616263
\.

-- case: staff
COPY staff FROM STDIN;
1	\N	Root	9000.00	9	0.5
2	\N	Hal	1000.00	\N	0.25
3	1	Eve	3200.50	2	1.75
4	1	Bob	2000.00	\N	0.25
5	2	Ida	3200.50	5	\N
6	5	Ada	3200.50	5	0.5
7	2	Ada	3200.50	3	0.25
8	7	Ada	\N	4	1.75
9	3	Ada	\N	4	1.75
10	\N	Cleo	1000.00	1	\N
11	\N	Finn	3200.50	4	1.75
12	1	Ida	1500.00	2	1.75
13	9	Bob	\N	2	0.25
14	8	Eve	2000.00	1	0.25
15	11	Finn	2000.00	\N	0.25
16	5	Hal	2000.00	5	0.5
17	11	Hal	1000.00	1	1.75
18	8	Ada	1000.00	5	1.75
19	10	Hal	1000.00	5	0.25
20	16	Bob	2000.00	4	1.75
21	12	Cleo	1000.00	\N	0.25
22	8	Jon	1500.00	3	0.25
23	1	Cleo	1000.00	5	\N
24	11	Ada	1000.00	3	0.25
25	20	Eve	3200.50	2	0.5
9223372036854775807	1	Max	1000.00	1	\N
\.

-- case: loose
COPY loose FROM STDIN;
2	1	3	\N	\N
4	\N	10		\N
10	1	10		\N
8	3	2		\N
2	\N	2	\N	0.125
12	\N	3	X	2.5
2	1	2	X	1
2	3	\N	x	0.125
4	1	\N	y	2
4	1	2	x	2
8	1	1	y	0.125
1	3	2	x	1
7	1	2	x	0.125
6	\N	\N	\N	2.5
5	1	10	x	2
5	2	1	y	0.125
10	\N	10		0.125
5	3	2	x	\N
11	1	1		2
8	\N	10	x	2
2	1	\N	y	1
11	1	2	y	2.5
10	\N	2	\N	2
12	2	3		1
8	\N	3	y	0.125
2	3	10	y	\N
8	3	\N	x	\N
7	1	\N	\N	1
2	2	3	x	1
4	3	2	y	2.5
4	1	3	x	\N
8	1	3	x	2
10	1	2	x	2
11	1	3	x	2.5
3	1	10	y	0.125
12	2	1	\N	2.5
9	\N	\N	y	0.125
1	2	1	x	2.5
7	1	2		0.125
10	1	\N	X	2
10	1	\N	x	\N
3	\N	10	X	\N
9	1	2	x	1
12	1	2	x	\N
1	\N	\N		1
6	3	1	X	1
7	2	2	\N	\N
10	3	10	X	2.5
1	1	2	X	0.125
8	1	10	\N	\N
8	1	\N	X	1
1	3	1		2.5
2	3	1	X	1
12	\N	2	x	0.125
6	3	\N		1
7	1	10	\N	2
7	\N	1	y	\N
4	3	2		0.125
8	1	1	x	2.5
1	3	3	\N	0.125
\.

-- case: notes
COPY notes FROM STDIN;
1	999	call	2024-02-29
2	\N	call	\N
3	\N	mail	2024-01-01
4	8	\N	2024-02-29
5	2	mail	\N
6	\N	call	2024-01-01
7	3	mail	2024-02-29
8	999	mail	2024-01-01
9	999	mail	2024-02-29
10	2	mail	2024-01-01
11	3	mail	\N
12	999	mail	2024-02-29
\.

-- case: digits
COPY digits FROM STDIN;
0	zero
1	one
2	two
3	three
3	drei
\N	none
5	\N
\N	\N
\.

-- case: metrics
COPY metrics FROM STDIN;
1	2024-01-05	3
1	2024-07-07	\N
2	2024-01-05	1
2	2024-01-31	50
2	2024-02-01	2
2	2024-07-07	1
3	2024-01-05	\N
3	2024-01-31	50
3	2024-07-07	\N
4	2024-01-05	2
4	2024-01-31	2
4	2024-02-01	3
4	2024-07-07	3
5	2024-01-05	1
5	2024-07-07	50
6	2024-01-05	50
6	2024-07-07	2
7	2024-01-05	3
7	2024-01-31	2
7	2024-02-01	50
7	2024-07-07	3
9	2024-01-05	1
9	2024-01-31	2
9	2024-02-01	50
9	2024-07-07	1
10	2024-01-05	2
10	2024-02-01	50
10	2024-07-07	50
\.

-- case: tickets
COPY tickets (id, price, tax, venue, changed) FROM STDIN;
1	0.00	19	\N	3
2	99.99	7	\N	0
3	0.00	0	("Main St",123)	3
4	99.99	7	(,)	2
5	12.50	7	\N	3
6	10.00	0	\N	1
7	0.00	0	\N	2
8	12.50	19	("Main St",123)	2
9	99.99	19	\N	1
10	99.99	7	(,)	0
11	0.00	19	\N	1
12	10.00	19	\N	0
\.

-- case: "Odd Table"
COPY "Odd Table" FROM STDIN;
1	a	1	1.5
2	\N	2	\N
3	b	\N	3
4	B	4	4.25
5		5	0
\.

-- case: shop.customers
COPY shop.customers FROM STDIN;
1	Ada	f
2	Finn	f
3	Ada	f
4	Jon	t
5	Dan	\N
6	Jon	t
7	Cleo	\N
8	Gus	t
9	Ada	\N
10	Eve	\N
11	Ida	t
12	Jon	\N
13	Ada	\N
14	Dan	t
15	Hal	f
\.

-- case: shop.stock
COPY shop.stock FROM STDIN;
1	10
2	20
3	\N
4	40
5	50
6	\N
7	70
8	80
9	\N
\.
