// The same statements read by another parser, node-sql-parser: the tables that a walk of PostgreSQL's tree finds must be
// those on its list. It keeps the case of unquoted names, so both sides are folded.
import nodeSqlParser from "node-sql-parser";
import { beforeAll, expect, test } from "vitest";
import { foldIdentifier } from "../../../src/sql/names.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { walk } from "../../../src/sql/walk.ts";
import { dataChanges, queries } from "./corpus.ts";

beforeAll(loadParser);

const { Parser } = nodeSqlParser;
const other = new Parser();

/** Statements as applications and their object-relational mappers write them. */
const ordinary: readonly string[] = [
  "SELECT * FROM Orders WHERE customer_id = 42",
  "select o.* from orders o where o.customer_id = $1 order by o.created_at desc limit 10",
  'SELECT "o"."id", "c"."name" FROM "orders" AS "o" INNER JOIN "customers" AS "c" ON "c"."id" = "o"."customer_id"',
  "select count(*) from public.orders",
  "select a.x, b.y, c.z from s1.a join s2.b on a.id = b.id left join s3.c using (id)",
  "select * from orders, customers, items where orders.id = items.order_id",
  "select * from orders where id in (select order_id from items where sku = 'x')",
  "select * from orders o where exists (select 1 from items i where i.order_id = o.id)",
  "select * from orders where not exists (select 1 from payments where payments.order_id = orders.id)",
  "select (select max(price) from items) as best, name from customers",
  "select * from (select id, total from orders where total > 5) as big where big.id > 7",
  "select * from (select * from a union select * from b) as both_of_them",
  "select id from a union all select id from b union select id from c",
  "select id from a except select id from b",
  "select id from a intersect select id from b",
  "with recent as (select * from orders where created_at > now()) select * from recent join customers on true",
  "with a as (select 1 as x), b as (select * from t) select * from a, b",
  "with recursive tree as (select id, parent from nodes union all select n.id, n.parent from nodes n join tree t on n.parent = t.id) select * from tree",
  "select customer_id, sum(total) from orders group by customer_id having sum(total) > 100 order by 2 desc",
  "select distinct status from orders",
  "select distinct on (customer_id) customer_id, id from orders order by customer_id, id desc",
  "select *, row_number() over (partition by customer_id order by id) from orders",
  "select case when a > 1 then 'x' else 'y' end from t",
  "select cast(a as integer), a::text from t",
  "select coalesce(a, b, 0) from t where a is not null and b between 1 and 2",
  "select * from t where a like 'x%' or b ilike '%y'",
  "select * from t where a = any($1)",
  "select * from orders cross join generate_numbers",
  "select * from a full outer join b on a.id = b.id",
  "select * from a right join b on a.id = b.id left join c on c.id = b.id",
  "select * from orders for update",
  "select * from orders limit 10 offset 20",
  "select extract(year from created_at) from orders",
  "select date_trunc('day', created_at), count(*) from events group by 1",
  "select * from t where created_at > now() - interval '1 day'",
  "select json_data->'a'->>'b' from t",
  "select * from t where (a, b) in ((1, 2), (3, 4))",
  "select t1.a from t as t1 join t as t2 on t1.a = t2.b",
  "select upper(name), length(name) from customers where lower(name) = 'x'",
  'select * from "Mixed"."Case" where "Id" = 1',
  "select sum(amount) filter (where paid) from payments",
  "select array_agg(a order by b) from t",
  "select a from t order by a nulls last",
  "insert into orders (id, customer_id) values (1, 2)",
  "insert into orders (id, customer_id) values (1, 2), (3, 4), (5, 6)",
  "INSERT INTO Public.Orders (id) VALUES ($1) RETURNING id",
  "insert into archive (id) select id from orders where created_at < now()",
  "insert into t (a) values (1) on conflict (a) do nothing",
  "insert into t (a, b) values (1, 2) on conflict (a) do update set b = excluded.b",
  "update orders set status = 'paid' where id = 7",
  "update orders set total = total + 1, status = $1 where id = $2 returning id",
  "update orders set total = (select sum(price) from items where order_id = orders.id)",
  "update orders o set status = 'x' from customers c where c.id = o.customer_id",
  "delete from orders where id = 7",
  "delete from orders where customer_id in (select id from customers where gone)",
  "delete from public.orders where id = $1 returning *",
  "with gone as (select id from customers where gone) delete from orders where customer_id in (select id from gone)",
  "select * from orders as o(a, b) where a = 1",
  "select 1",
  "select * from a join lateral (select * from b where b.x = a.x) l on true",
];

/** What it misreads: names after ONLY, and what stands in parentheses in FROM. */
const misread = /\bonly\b|from \(+\w+ join|join \(+\w+ join/i;

test("the tables of ordinary statements are found as another parser finds them", () => {
  let compared = 0;
  for (const text of [...ordinary, ...queries, ...dataChanges]) {
    const theirs = misread.test(text) ? undefined : tablesOfOther(text);
    if (theirs === undefined) continue;
    compared++;
    const { tables, withNames } = tablesOf(text);
    expect(tables, text).toEqual(theirs.filter((table) => !withNames.has(table)));
  }
  expect(compared).toBeGreaterThan(80);
});

/** Sorted; without the names that WITH gives. */
function tablesOf(text: string): { tables: string[]; withNames: ReadonlySet<string> } {
  const tables = new Set<string>();
  const withNames = new Set<string>();
  walk(parse(text)[0]!.tree, (type, node) => {
    const { schemaname, relname, ctename } = node as { schemaname?: string; relname?: string; ctename?: string };
    if (type === "RangeVar") tables.add(schemaname === undefined ? relname! : `${schemaname}.${relname}`);
    if (type === "CommonTableExpr") withNames.add(ctename!);
    return undefined;
  });
  const folded = Array.from(tables, (table) => table.split(".").map(foldIdentifier).join("."));
  return { tables: folded.filter((table) => !withNames.has(table)).sort(), withNames };
}

/** Its list has entries such as "select::public::orders". undefined if it does not accept the text. */
function tablesOfOther(text: string): string[] | undefined {
  try {
    const list = other.tableList(text, { database: "postgresql" });
    const names = list.map((entry) => {
      const [, schema, table] = entry.split("::") as [string, string, string];
      return schema === "null" ? foldIdentifier(table) : `${foldIdentifier(schema)}.${foldIdentifier(table)}`;
    });
    return Array.from(new Set(names)).sort();
  } catch {
    return undefined;
  }
}
