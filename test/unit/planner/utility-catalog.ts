// The tables that the golden plans of INSERT, COPY, DDL and utility statements are about.
import type { CatalogSnapshot, Column, Relation } from "../../../src/catalog/snapshot.ts";
import { oid } from "../../../src/pgwire/oid.ts";
import { catalogOf } from "./catalog-of.ts";

const description = `
  distributed customers(id bigint not null, name text, email text, created timestamptz) key id group 1 primary id
  distributed orders(customer_id bigint not null, id bigint not null, total numeric, note text, created timestamptz) key customer_id group 1 primary customer_id, id
  distributed readings(device uuid not null, day date not null, value real) key device, day group 3 primary device, day
  distributed tenants(code character varying not null, plan character varying, price numeric) key code group 4 primary code
  distributed prices(price numeric not null, label text) key price group 5
  distributed tickets(id uuid not null, title text) key id group 6 primary id
  distributed audited(id bigint not null, note text) key id group 1
  distributed audit_free(id bigint not null, note text) key id group 1 primary id
  distributed defaulted(id bigint not null, note text) key id group 1 primary id
  distributed moved(id bigint not null, note text) key id group 1
  reference countries(code text not null, name text) primary code
  reference products(id integer not null, name text, added timestamptz) primary id
  reference stamped(id integer not null, name text) primary id
  unsharded settings(name text, value text)
  unsharded logs(id bigint, line text)
  unsharded invoices(id bigint, customer_id bigint)
  unsharded bills(id bigint)
  view open_invoices(id bigint, customer_id bigint) as SELECT invoices.id, invoices.customer_id FROM public.invoices
  view big_orders(customer_id bigint, id bigint) as SELECT orders.customer_id, orders.id FROM public.orders
  view config(name text) as SELECT settings.name FROM public.settings
  function pure_f(immutable, sql) as select $1 + 1
  function touches_orders(stable, sql) as select count(*) from orders
  function reads_settings(stable, sql) as select value from settings
  function log_it(volatile, plpgsql) as begin insert into logs values (1, 'x'); return new; end
  function stamp(volatile, plpgsql) as begin new.note := 'seen'; return new; end
  function set_key(volatile, plpgsql) as begin new.id := 5; return new; end
  function add_invoice(volatile, sql) as insert into invoices values (1, 1)
  function count_invoices(stable, sql) as select count(*) from invoices
  function bill(volatile, plpgsql) as begin insert into invoices values (new.id, 1); return new; end
  function nightly(volatile, plpgsql, procedure) as begin delete from logs; end
  function refill(volatile, plpgsql, procedure) as begin insert into orders select * from orders; end
`;

/** What the compact description cannot say: defaults, identity, lengths, triggers. */
export function utilityCatalog(): CatalogSnapshot {
  const catalog = catalogOf(description);
  const sequence: Relation = {
    ...table(catalog, "logs"),
    oid: 90_001,
    name: "orders_id_seq",
    kind: "sequence",
    columns: [],
  };
  const old: Relation = { ...table(catalog, "big_orders"), oid: 90_002, name: "old_orders", kind: "materialized-view" };
  const changed = [
    sequence,
    old,
    withColumns(table(catalog, "orders"), {
      id: { defaultVolatility: "volatile", defaultSql: "nextval('public.orders_id_seq'::regclass)" },
      created: { defaultVolatility: "stable", defaultSql: "now()" },
    }),
    withColumns(table(catalog, "tickets"), {
      id: { defaultVolatility: "volatile", defaultSql: "gen_random_uuid()" },
    }),
    withColumns(table(catalog, "tenants"), {
      code: { typeModifier: 14, typeName: "character varying(10)" },
      plan: {
        typeModifier: 24,
        typeName: "character varying(20)",
        defaultVolatility: "immutable",
        defaultSql: "'free'",
      },
      price: { typeModifier: 655366, typeName: "numeric(10,2)" },
    }),
    withColumns(table(catalog, "prices"), { price: { typeModifier: 655366, typeName: "numeric(10,2)" } }),
    withColumns(table(catalog, "products"), {
      id: { defaultVolatility: "volatile", defaultSql: "nextval('public.products_id_seq'::regclass)", identity: true },
      added: { typeOid: oid.timestamptz },
    }),
    withColumns(table(catalog, "stamped"), {
      name: { defaultVolatility: "stable", defaultSql: "(now())::text" },
    }),
    withColumns(table(catalog, "defaulted"), {
      note: { defaultVolatility: "stable", defaultSql: "public.reads_settings()" },
    }),
    withTrigger(table(catalog, "audited"), "log_it"),
    withTrigger(table(catalog, "bills"), "bill"),
    {
      ...table(catalog, "invoices"),
      pendingKey: { table: "public.invoices", to: "public.customers", columns: ["customer_id"] },
    },
    withTrigger(table(catalog, "moved"), "set_key"),
  ];
  const relations = new Map([...catalog.relations].map(([schema, names]) => [schema, new Map(names)]));
  const relationsByOid = new Map(catalog.relationsByOid);
  for (const relation of changed) {
    relations.get(relation.schema)?.set(relation.name, relation);
    relationsByOid.set(relation.oid, relation);
  }
  return { ...catalog, relations, relationsByOid, hasPendingKeys: true };
}

function table(catalog: CatalogSnapshot, name: string): Relation {
  return catalog.relations.get("public")!.get(name)!;
}

function withColumns(relation: Relation, changes: Readonly<Record<string, Partial<Column>>>): Relation {
  return { ...relation, columns: relation.columns.map((column) => ({ ...column, ...changes[column.name] })) };
}

function withTrigger(relation: Relation, name: string): Relation {
  return { ...relation, hasTriggers: true, triggerFunctions: [{ schema: "public", name }] };
}
