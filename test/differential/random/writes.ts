// Random INSERT, UPDATE and DELETE whose effect is determined: no row is changed by more than one other row, and no two
// rows of a query compete for one key.
import type { Random } from "../../support/random.ts";
import { type Context, condition, expression, literal } from "./expressions.ts";
import { list, optional, type Piece } from "./piece.ts";
import { Aliases, type KeyedSource, keyCondition, keyedSource, pickTable, randomFrom } from "./sources.ts";
import { subqueries } from "./subqueries.ts";
import { type RandomColumn, type RandomTable, randomTables } from "./tables.ts";

export interface RandomWrite {
  readonly piece: Piece;
  /** Names of the tables whose rows it may change. */
  readonly tables: readonly string[];
}

/** Tables that are written, with their primary key and the columns that take any value of their type. */
interface Target {
  readonly table: RandomTable;
  readonly primaryKey: readonly string[];
  readonly free: readonly string[];
  /** Tables with foreign keys to it. */
  readonly dependent: readonly string[];
}

const targets: readonly Target[] = [
  target("customers", "id", "name credit joined", "orders items"),
  target("orders", "customer_id id", "status placed", "items"),
  target("items", "customer_id order_id line", "quantity price", ""),
  target("shop.customers", "id", "name vip", ""),
  target("pages", "slug", "views author_id", ""),
  target("events", "id", "kind at amount customer_id", ""),
  target("readings", "region device at", "value", ""),
  target("staff", "id", "boss name salary", ""),
  target("loose", "", "a b t n", ""),
  target("metrics", "device day", "value", ""),
  target("products", "id", "name price category parent", ""),
  target("notes", "id", "customer_id body written", ""),
  target("digits", "", "n word", ""),
];

function target(name: string, primaryKey: string, free: string, dependent: string): Target {
  const words = (text: string) => text.split(" ").filter((word) => word !== "");
  return { table: tableNamed(name), primaryKey: words(primaryKey), free: words(free), dependent: words(dependent) };
}

export function randomWrite(random: Random): RandomWrite {
  const aliases = new Aliases();
  const style = { random, isNear: random.below(2) === 0 };
  const context: Context = { ...style, subquery: subqueries(style, aliases, 1) };
  const chosen = random.pick(targets);
  const make = random.pick([insertRows, insertRows, insertQuery, update, update, update, remove, remove]);
  const tables = [chosen.table.name, ...chosen.dependent];
  return { piece: make(context, aliases, chosen), tables };
}

function insertRows(context: Context, _aliases: Aliases, { table, primaryKey, free }: Target): Piece {
  const { random } = context;
  const columns = table.columns.filter(
    ({ name }) => primaryKey.includes(name) || free.includes(name) || isKey(table, name),
  );
  const row = (): Piece => [
    "(",
    columns.flatMap((column, i) => [i === 0 ? "" : ", ", insertedValue(context, table, primaryKey, column)]),
    ")",
  ];
  const rows = Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, row);
  const names = columns.map(({ name }) => name).join(", ");
  // Without it a row that is there already is an error, and with it two rows of one key may be.
  const conflict = primaryKey.length === 0 ? "" : onConflict(context, primaryKey, free);
  return [
    "INSERT INTO ",
    table.name,
    ` AS t (${names}) VALUES `,
    list(rows, ", "),
    conflict,
    returning(context, table, "t"),
  ];
}

function insertedValue(
  context: Context,
  table: RandomTable,
  primaryKey: readonly string[],
  { name, type }: RandomColumn,
): Piece {
  const { random } = context;
  if (!primaryKey.includes(name) && !isKey(table, name)) {
    if (random.below(5) === 0) return "NULL";
    if (random.below(6) === 0) return "DEFAULT";
    return random.below(4) === 0 ? expression({ random, isNear: false }, [], type, 1) : literal(context, type, false);
  }
  if (type === "int") return literalNumber(random.pick([1, 2, 3, 5, 8, 100, 1000 + random.below(1000)]));
  if (type !== "uuid") return literal(context, type, false);
  const digits = String(random.below(100)).padStart(2, "0");
  const value = `${digits}000000-0000-4000-8000-000000000000`;
  return { kind: "literal", sql: `'${value}'`, value, cast: undefined };
}

function literalNumber(value: number): Piece {
  return { kind: "literal", sql: String(value), value: String(value), cast: undefined };
}

function isKey(table: RandomTable, name: string): boolean {
  return table.shardKey.includes(name);
}

function onConflict(context: Context, primaryKey: readonly string[], free: readonly string[]): Piece {
  const { random } = context;
  const name = random.pick(free);
  const column = `excluded.${name}`;
  return random.pick<() => Piece>([
    () => "",
    () => " ON CONFLICT DO NOTHING",
    () => ` ON CONFLICT (${primaryKey.join(", ")}) DO NOTHING`,
    () => ` ON CONFLICT (${primaryKey.join(", ")}) DO UPDATE SET ${name} = ${column}`,
    () => [
      ` ON CONFLICT (${primaryKey.join(", ")}) DO UPDATE SET ${name} = ${column}`,
      optional(` WHERE t.${name} IS DISTINCT FROM ${column}`),
    ],
  ])();
}

/** New keys are far from those that are there: ids from 5000 on, and each row of the source gives another. */
function insertQuery(context: Context, aliases: Aliases, chosen: Target): Piece {
  const { random } = context;
  const alone =
    chosen.primaryKey.length === 1 &&
    chosen.table.columns.some(({ name, type }) => name === chosen.primaryKey[0] && type === "int");
  if (!alone && chosen.primaryKey.length > 0) return insertRows(context, aliases, chosen);
  const { table, free } = chosen;
  if (alone) {
    const from = random.pick(["customers", "shop.customers", "staff", "products", "notes"]);
    const source = keyedSource(tableNamed(from), aliases.next("q"));
    const values = free.map((name) => expression(context, [source], typeOf(table, name), 1));
    const key = `${source.alias}.id + ${random.pick([5000, 6000, 7000])}`;
    return [
      "INSERT INTO ",
      table.name,
      ` (${chosen.primaryKey[0]}, ${free.join(", ")}) SELECT ${key}`,
      values.map((value) => [", ", value]),
      " FROM ",
      nameOf(source),
      " ",
      source.alias,
      whereOf(context, [source]),
      returning(context, table, table.name),
    ];
  }
  const { piece, sources } = randomFrom(context, aliases, [], random.pick([1, 1, 2]));
  const columns = [...table.shardKey, ...free.filter((name) => !table.shardKey.includes(name))];
  const values = columns.map((name): Piece => {
    const value = expression(context, sources, typeOf(table, name), 1);
    return isKey(table, name) ? ["COALESCE(", value, ", 0)"] : value;
  });
  return [
    "INSERT INTO ",
    table.name,
    ` (${columns.join(", ")}) SELECT `,
    values.flatMap((value, i) => [i === 0 ? "" : ", ", value]),
    " FROM ",
    piece,
    whereOf(context, sources),
    returning(context, table, table.name),
  ];
}

function tableNamed(name: string): RandomTable {
  return randomTables.find((table) => table.name === name)!;
}

function nameOf(source: KeyedSource): string {
  return randomTables.find(({ columns }) => columns === source.columns)!.name;
}

function typeOf(table: RandomTable, name: string): RandomColumn["type"] {
  return table.columns.find((column) => column.name === name)!.type;
}

function update(context: Context, aliases: Aliases, { table, free }: Target): Piece {
  const { random } = context;
  const self = keyedSource(table, aliases.next("u"));
  const other = random.below(3) === 0 ? uniqueMatch(context, aliases, table, self) : undefined;
  const scope = other === undefined ? [self] : [self, other.source];
  const names = free.slice(random.below(free.length)).slice(0, 1 + random.below(2));
  const settings = names.map((name): Piece => {
    const value = expression(context, scope, typeOf(table, name), 2);
    return [name, " = ", value];
  });
  const conditions = [...(other === undefined ? [] : [other.on]), ...conditionsOf(context, self, scope)];
  const where =
    conditions.length === 0 ? "" : [" WHERE ", list(conditions, " AND ", other === undefined ? 1 : conditions.length)];
  return [
    "UPDATE ",
    table.name,
    " ",
    self.alias,
    " SET ",
    list(settings, ", "),
    other === undefined ? "" : [" FROM ", other.piece],
    where,
    returning(context, table, self.alias),
  ];
}

/** A table with at most one row for each of the target. */
function uniqueMatch(
  { random }: Context,
  aliases: Aliases,
  table: RandomTable,
  self: KeyedSource,
): { piece: Piece; source: KeyedSource; on: Piece } | undefined {
  const [column, other] = random.pick<[string, string]>([
    ["customer_id", "customers"],
    ["customer_id", "shop.customers"],
    ["id", "shop.customers"],
    ["product_id", "products"],
    ["boss", "staff"],
    ["author_id", "customers"],
  ]);
  if (!table.columns.some(({ name }) => name === column)) return undefined;
  const source = keyedSource(tableNamed(other), aliases.next("f"));
  return { piece: `${other} ${source.alias}`, source, on: `${source.alias}.id = ${self.alias}.${column}` };
}

function remove(context: Context, aliases: Aliases, { table }: Target): Piece {
  const { random } = context;
  const self = keyedSource(table, aliases.next("d"));
  const other = random.below(4) === 0 ? keyedSource(pickTable(context, self.group), aliases.next("f")) : undefined;
  const scope = other === undefined ? [self] : [self, other];
  const conditions = conditionsOf(context, self, scope);
  if (other !== undefined) {
    const shared = other.columns.find(
      ({ type, name }) =>
        (self.key.includes(name) || type === "int") && self.columns.some((mine) => mine.type === type),
    );
    const mine = self.columns.find(({ type }) => type === shared?.type);
    const isColocated = self.group === other.group && self.key.length > 0 && context.isNear;
    const pairs = isColocated
      ? self.key.map((name, i) => `${self.alias}.${name} = ${other.alias}.${other.key[i]}`)
      : [`${self.alias}.${mine?.name} = ${other.alias}.${shared?.name}`];
    conditions.unshift(...pairs);
  }
  if (conditions.length === 0) conditions.push(condition(context, scope, 1));
  const using = other === undefined ? "" : [" USING ", nameOf(other), " ", other.alias];
  return [
    "DELETE FROM ",
    table.name,
    " ",
    self.alias,
    using,
    " WHERE ",
    list(conditions, " AND "),
    returning(context, table, self.alias, other === undefined),
  ];
}

function conditionsOf(context: Context, self: KeyedSource, scope: readonly KeyedSource[]): Piece[] {
  const { random } = context;
  const key = random.below(2) === 0 ? keyCondition(context, [self]) : undefined;
  const other = random.below(2) === 0 ? condition(context, scope, random.below(3)) : undefined;
  return [key, other].filter((each) => each !== undefined);
}

function whereOf(context: Context, sources: readonly KeyedSource[]): Piece {
  return context.random.below(2) === 0 ? "" : optional([" WHERE ", condition(context, sources, 1)]);
}

/** With other tables in the statement: which of their rows met the target's is up to chance. */
function returning({ random }: Context, table: RandomTable, alias: string, isAlone = true): Piece {
  if (random.below(2) === 0) return "";
  if (isAlone && random.below(2) === 0) return optional(" RETURNING *");
  const names = table.columns.slice(0, 3).map(({ name }) => `${alias}.${name}`);
  return optional([" RETURNING ", list(names, ", ")]);
}
