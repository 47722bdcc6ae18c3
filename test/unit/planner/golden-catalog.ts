// The tables that the golden plans are about.
export const goldenCatalog = `
  distributed customers(id bigint not null, name text, email text, country text, mood mood) key id group 1 primary id
  distributed orders(customer_id bigint not null, id bigint not null, total numeric, note text, created timestamptz, tags text[]) key customer_id group 1 primary customer_id, id
  distributed items(customer_id bigint not null, order_id bigint not null, product_id integer, quantity integer, price double precision) key customer_id group 1 primary customer_id, order_id, product_id
  distributed events(tenant text not null, id bigint not null, kind text, at timestamptz, payload jsonb) key tenant group 2 primary tenant, id
  distributed readings(device uuid not null, day date not null, value real) key device, day group 3 primary device, day
  distributed small(k integer, v smallint) key k group 1
  distributed sales."Order Lines"("Customer" bigint not null, "Line" integer) key Customer group 1
  distributed coded(code text not null, label text collate "en-x-icu") key code group 4
  distributed titles(id bigint not null, title character varying(30), price numeric(10,2)) key id group 1 primary id
  reference countries(code text not null, name text, population bigint) primary code
  reference products(id integer not null, name text, price numeric) primary id
  unsharded settings(name text, value text)
  unsharded sales.reports(id bigint, body text)
  view order_totals(customer_id bigint, total numeric) as SELECT orders.customer_id, sum(orders.total) AS total FROM public.orders GROUP BY orders.customer_id
  view big_orders(customer_id bigint, id bigint, total numeric) as SELECT orders.customer_id, orders.id, orders.total FROM public.orders WHERE (orders.total > (1000)::numeric)
  view one_customer(id bigint, name text) as SELECT customers.id, customers.name FROM public.customers WHERE (customers.id = 7)
  view all_totals(n bigint) as SELECT count(*) AS n FROM public.orders
  view prices(name text, price numeric) as SELECT products.name, products.price FROM public.products
  view config(name text) as SELECT settings.name FROM public.settings
  function pure_f(immutable, sql) as select $1 + 1
  function touches_orders(stable, sql) as select count(*) from orders
  function reads_settings(stable, sql) as select value from settings
  function reads_countries(stable, sql) as select name from countries
  function writes_countries(volatile, plpgsql) as begin delete from countries; end
  function dynamic(volatile, plpgsql) as begin execute 'select 1'; end
  function my_agg(immutable, sql, aggregate) as select $1
`;
