// What the random generators know of the tables in cases/schema.sql. Within a column equal numbers have equal scales, so
// that it does not matter which of two equal values a server shows.

export type ValueType = "int" | "num" | "text" | "bool" | "date" | "timestamp" | "uuid";

export interface RandomColumn {
  readonly name: string;
  readonly type: ValueType;
}

export interface RandomTable {
  readonly name: string;
  readonly columns: readonly RandomColumn[];
  /** Names of the columns of the shard key; none: reference or unsharded. */
  readonly shardKey: readonly string[];
  /** Tables with the same group are colocated. */
  readonly group: string;
}

export const randomTables: readonly RandomTable[] = [
  table("customers", "id", "c", "id int, name text, country text, credit num, joined date, active bool"),
  table("orders", "customer_id", "c", "customer_id int, id int, total num, status text, note text, placed timestamp"),
  table(
    "items",
    "customer_id",
    "c",
    "customer_id int, order_id int, line int, product_id int, quantity int, price num",
  ),
  table("shop.customers", "id", "c", "id int, name text, vip bool"),
  table("pages", "slug", "p", "slug text, title text, views int, code text, author_id int"),
  table("events", "id", "e", "id uuid, kind text, at timestamp, amount num, customer_id int"),
  table("readings", "region, device", "r", "region text, device int, at timestamp, value num"),
  table("devices", "region, device", "r", "region text, device int, name text"),
  table("staff", "id", "s", "id int, boss int, name text, salary num, grade int"),
  table("loose", "k", "l", "k int, a int, b int, t text, n num"),
  table("metrics", "device", "m", "device int, day date, value int"),
  table("products", "", "reference", "id int, name text, price num, category text, parent int"),
  table("countries", "", "reference", "code text, name text, continent text"),
  table("active_customers", "id", "c", "id int, name text, country text, credit num"),
  table("customer_totals", "id", "c", "id int, name text, orders int, total num"),
  table("status_totals", "", "view", "status text, orders int, total num"),
  table("metrics_1", "device", "m", "device int, day date, value int"),
  table("tickets", "id", "t", "id int, price num, tax int, gross num, label text"),
  table("notes", "", "home", "id int, customer_id int, body text, written date"),
  table("digits", "", "home", "n int, word text"),
];

/** Rows whose numbers are so large that arithmetic on them fails, sooner or later according to the plan. */
export const removeExtremes = [
  "DELETE FROM customers WHERE id = 2147483647",
  "DELETE FROM staff WHERE id = 9223372036854775807",
  "UPDATE pages SET views = 9000 WHERE views > 9000",
];

function table(name: string, shardKey: string, group: string, columns: string): RandomTable {
  return {
    name,
    shardKey: shardKey === "" ? [] : shardKey.split(", "),
    group,
    columns: columns.split(", ").map((text) => {
      const [column = "", type] = text.split(" ");
      return { name: column, type: type as ValueType };
    }),
  };
}
