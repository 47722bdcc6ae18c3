--- Tables of every kind, for all other case files. The gateway distributes them; one PostgreSQL just has them.

-- case: types and schemas
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');

CREATE TYPE address AS (street text, zip int);

CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);

CREATE SCHEMA shop;

-- case: reference tables
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL, continent text);

-- gateway: SELECT create_reference_table('countries')
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price numeric(8,2), category text, parent int);

-- gateway: SELECT create_reference_table('products')

-- case: by integer, three colocated tables with foreign keys
CREATE TABLE customers (
  id int PRIMARY KEY,
  name text NOT NULL,
  country char(2),
  credit numeric(10,2) DEFAULT 0.00,
  feeling mood DEFAULT 'ok',
  joined date,
  active boolean NOT NULL DEFAULT true,
  tags text[],
  profile jsonb
);

-- gateway: SELECT create_distributed_table('customers', 'id')
CREATE TABLE orders (
  customer_id int NOT NULL,
  id int NOT NULL,
  placed timestamptz,
  total numeric(10,2),
  status text DEFAULT 'new',
  note varchar(20),
  PRIMARY KEY (customer_id, id),
  CONSTRAINT total_is_positive CHECK (total >= 0)
);

-- gateway: SELECT create_distributed_table('orders', 'customer_id', colocate_with => 'customers')
CREATE TABLE items (
  customer_id int NOT NULL,
  order_id int NOT NULL,
  line int NOT NULL,
  product_id int REFERENCES products (id),
  quantity int,
  price numeric(8,2),
  PRIMARY KEY (customer_id, order_id, line)
);

-- gateway: SELECT create_distributed_table('items', 'customer_id', colocate_with => 'customers')
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE

ALTER TABLE items ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders (customer_id, id) ON DELETE CASCADE

CREATE INDEX orders_by_status ON orders (status, placed DESC);

-- case: by text
CREATE TABLE pages (
  slug text PRIMARY KEY,
  title varchar(30),
  views bigint,
  rating float8,
  code char(5),
  body text,
  author_id int
);

-- gateway: SELECT create_distributed_table('pages', 'slug', colocate_with => 'none')

-- case: by uuid
CREATE TABLE events (
  id uuid PRIMARY KEY,
  kind text,
  at timestamp,
  payload jsonb,
  amount numeric,
  duration interval,
  customer_id int
);

-- gateway: SELECT create_distributed_table('events', 'id', colocate_with => 'none')

-- case: by two columns
CREATE TABLE readings (
  region text NOT NULL,
  device int NOT NULL,
  at timestamp NOT NULL,
  value numeric,
  flags int[],
  PRIMARY KEY (region, device, at)
);

-- gateway: SELECT create_distributed_table('readings', 'region, device', colocate_with => 'none')
CREATE TABLE devices (region text NOT NULL, device int NOT NULL, name text, raw bytea, PRIMARY KEY (region, device));

-- gateway: SELECT create_distributed_table('devices', 'region, device', colocate_with => 'readings')

-- case: a tree by bigint, for self joins
CREATE TABLE staff (id bigint PRIMARY KEY, boss bigint, name text, salary numeric(12,2), grade smallint, share float4);

-- gateway: SELECT create_distributed_table('staff', 'id', colocate_with => 'none')

-- case: without a primary key, with duplicates and NULLs
CREATE TABLE loose (k int NOT NULL, a int, b int, t text, n numeric);

-- gateway: SELECT create_distributed_table('loose', 'k', colocate_with => 'none')

-- case: unsharded
CREATE TABLE notes (id int PRIMARY KEY, customer_id int, body text, written date);

CREATE TABLE digits (n int, word text);

-- case: partitioned
CREATE TABLE metrics (device int NOT NULL, day date NOT NULL, value int, PRIMARY KEY (device, day)) PARTITION BY RANGE (day);

CREATE TABLE metrics_1 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');

CREATE TABLE metrics_2 PARTITION OF metrics FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');

-- gateway: SELECT create_distributed_table('metrics', 'device', colocate_with => 'none')
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;

-- case: generated columns, identity, domains, composite types
CREATE TABLE tickets (
  id int PRIMARY KEY,
  price numeric(8,2) NOT NULL,
  tax percent NOT NULL DEFAULT 19,
  gross numeric GENERATED ALWAYS AS (price * (100 + tax) / 100) STORED,
  label text GENERATED ALWAYS AS (lower(id::text || '-' || price::text)) VIRTUAL,
  venue address,
  changed int NOT NULL DEFAULT 0
);

-- gateway: SELECT create_distributed_table('tickets', 'id', colocate_with => 'none')

-- case: every type that there is an order for
CREATE TABLE kinds (
  id int PRIMARY KEY,
  i2 smallint, i8 bigint, num numeric, f4 float4, f8 float8, cash money,
  txt text, vc varchar(8), bp char(6), nm name, ch "char", by bytea,
  d date, t time, tz timetz, ts timestamp, tstz timestamptz, iv interval,
  b boolean, u uuid, net inet, cid cidr, mac macaddr, bits varbit, o oid,
  js json, jb jsonb, x xml, arr int[], texts text[], moods mood[], rng int4range, multi datemultirange, pt point,
  feeling mood, addr address, pct percent, lsn pg_lsn, vec tsvector
);

-- gateway: SELECT create_distributed_table('kinds', 'id', colocate_with => 'none')

-- case: quoted names and another schema
CREATE TABLE "Odd Table" ("Key" int PRIMARY KEY, "select" text, "a""b" int, "Größe" numeric);

-- gateway: SELECT create_distributed_table('"Odd Table"', '"Key"', colocate_with => 'none')
CREATE TABLE shop.customers (id int PRIMARY KEY, name text, vip boolean);

-- gateway: SELECT create_distributed_table('shop.customers', 'id', colocate_with => 'customers')
CREATE TABLE shop.stock (product_id int PRIMARY KEY, amount int);

-- case: views
CREATE VIEW active_customers AS SELECT id, name, country, credit FROM customers WHERE active;

CREATE VIEW customer_totals AS
SELECT c.id, c.name, count(o.id) AS orders, sum(o.total) AS total
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name;

CREATE VIEW status_totals AS SELECT status, count(*) AS orders, sum(total) AS total FROM orders GROUP BY status;

-- case: functions
CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * 2';

CREATE FUNCTION grade_name(g smallint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE WHEN g IS NULL THEN 'none' WHEN g < 3 THEN 'junior' ELSE 'senior' END;
END
$$;
