// Random things in FROM: tables, derived tables, common table expressions, and joins of them, half of them joined on what
// colocates them.

import type { Random } from "../../support/random.ts";
import { type Context, columnsOf, condition, expression, type Source } from "./expressions.ts";
import { choice, list, optional, type Piece } from "./piece.ts";
import { type RandomTable, randomTables, type ValueType } from "./tables.ts";

/** A source together with what is known of its shard key. */
export interface KeyedSource extends Source {
  readonly key: readonly string[];
  readonly group: string;
}

export interface From {
  readonly piece: Piece;
  readonly sources: readonly KeyedSource[];
}

export class Aliases {
  #count = 0;
  next(prefix: string): string {
    return `${prefix}${++this.#count}`;
  }
}

export function keyedSource(table: RandomTable, alias: string): KeyedSource {
  return { alias, columns: table.columns, key: table.shardKey, group: table.group };
}

/** Any table, sharded ones more often; `near`: often one of the same colocation group. */
export function pickTable({ random, isNear }: Context, near?: string): RandomTable {
  const sharded = randomTables.filter(({ shardKey }) => shardKey.length > 0);
  const colocated = randomTables.filter(({ group }) => group === near);
  if (colocated.length > 0 && near !== "home" && (isNear || random.below(5) < 4)) return random.pick(colocated);
  if (isNear) return random.pick(sharded);
  return random.below(4) === 0 ? random.pick(randomTables) : random.pick(sharded);
}

/** `named`: common table expressions that may be used. `lateral`: what a derived table may refer to. */
export function randomFrom(context: Context, aliases: Aliases, named: readonly NamedQuery[], count: number): From {
  const first = randomSource(context, aliases, named, undefined);
  let piece: Piece = first.piece;
  const sources = [first.source];
  for (let i = 1; i < count; i++) {
    const { random } = context;
    const near = random.pick(sources);
    if (!context.isNear && random.below(6) === 0) {
      const lateral = lateralQuery(context, aliases, sources);
      piece = choice([piece, random.pick([" CROSS JOIN LATERAL ", ", LATERAL "]), lateral.piece], piece);
      sources.push(lateral.source);
      continue;
    }
    const next = randomSource(context, aliases, named, near.group);
    const kind = random.pick(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
    const on = joinCondition(context, near, next.source, [...sources, next.source], kind === "FULL JOIN");
    piece = choice([piece, ` ${kind} `, next.piece, " ON ", on], piece, [piece, " JOIN ", next.piece, " ON ", on]);
    sources.push(next.source);
  }
  return { piece, sources };
}

export interface NamedQuery {
  readonly name: string;
  readonly columns: Source["columns"];
}

function randomSource(
  context: Context,
  aliases: Aliases,
  named: readonly NamedQuery[],
  near: string | undefined,
): { piece: Piece; source: KeyedSource } {
  const { random } = context;
  const alias = aliases.next("t");
  if (named.length > 0 && random.below(2) === 0) {
    const { name, columns } = random.pick(named);
    return { piece: `${name} ${alias}`, source: { alias, columns, key: [], group: "" } };
  }
  if (!context.isNear && random.below(12) === 0) return madeRows(random, alias);
  const table = pickTable(context, near);
  if (random.below(6) === 0) return derivedTable(context, aliases, table, alias);
  return { piece: `${table.name} ${alias}`, source: keyedSource(table, alias) };
}

/** Rows that are in no table. */
function madeRows(random: Random, alias: string): { piece: Piece; source: KeyedSource } {
  const name = { name: "v", type: "int" } as const;
  if (random.below(2) === 0) {
    return {
      piece: `generate_series(${random.pick(["1, 5", "0, 12, 3"])}) AS ${alias}(v)`,
      source: { alias, columns: [name], key: [], group: "" },
    };
  }
  const rows = list(["(1, 'a')", "(2, NULL)", "(3, 'paid')", "(NULL, 'DE')", "(100, '')"], ", ");
  return {
    piece: ["(VALUES ", rows, `) AS ${alias}(v, w)`],
    source: { alias, columns: [name, { name: "w", type: "text" }], key: [], group: "" },
  };
}

/** `(SELECT key, .. FROM table WHERE .. [GROUP BY key]) alias`. */
function derivedTable(
  context: Context,
  aliases: Aliases,
  table: RandomTable,
  alias: string,
): { piece: Piece; source: KeyedSource } {
  const { random } = context;
  const inner = keyedSource(table, aliases.next("i"));
  const qualified = (name: string) => `${inner.alias}.${name}`;
  const others = table.columns.filter(({ name }) => !table.shardKey.includes(name));
  const keyColumns = table.columns.filter(({ name }) => table.shardKey.includes(name));
  const where = optional([" WHERE ", condition(context, [inner], 1)]);
  const from = [" FROM ", table.name, " ", inner.alias, where];
  const grouped = random.below(3);
  if (grouped === 0) {
    const group =
      keyColumns.length > 0 && (context.isNear || random.below(3) > 0) ? keyColumns : [random.pick(table.columns)];
    const names = group.map(({ name }) => qualified(name)).join(", ");
    const columns = [...group, { name: "cnt", type: "int" as const }];
    return {
      piece: ["(SELECT ", names, ", count(*) AS cnt", from, " GROUP BY ", names, ") ", alias],
      source: { alias, columns, key: group === keyColumns ? table.shardKey : [], group: table.group },
    };
  }
  const kept = [...keyColumns, ...others.slice(0, 1 + random.below(2))];
  const names = kept.map(({ name }) => qualified(name)).join(", ");
  const distinct = grouped === 1 ? "DISTINCT " : "";
  // Ordered by all that is shown, so that LIMIT leaves the same rows on every server.
  const isCut = !context.isNear && grouped === 1 && random.below(3) === 0;
  const cut = isCut
    ? [" ORDER BY ", kept.map((_, i) => i + 1).join(", "), random.pick([" LIMIT 3", " LIMIT 10", " OFFSET 5"])]
    : "";
  return {
    piece: choice(["(SELECT ", distinct, names, from, cut, ") ", alias], `${table.name} ${alias}`),
    source: { alias, columns: kept, key: table.shardKey, group: table.group },
  };
}

function lateralQuery(
  context: Context,
  aliases: Aliases,
  outer: readonly KeyedSource[],
): { piece: Piece; source: KeyedSource } {
  const { random } = context;
  const alias = aliases.next("l");
  const near = random.pick(outer);
  const table = pickTable(context, near.group);
  const inner = keyedSource(table, aliases.next("i"));
  const on = joinCondition(context, near, inner, [...outer, inner], false);
  const measured = table.columns.find(({ type }) => type !== "uuid")!;
  return {
    piece: [
      "(SELECT count(*) AS cnt, max(",
      `${inner.alias}.${measured.name}`,
      ") AS m FROM ",
      table.name,
      " ",
      inner.alias,
      " WHERE ",
      on,
      ") ",
      alias,
    ],
    source: {
      alias,
      columns: [
        { name: "cnt", type: "int" },
        { name: "m", type: measured.type },
      ],
      key: [],
      group: "",
    },
  };
}

/** Equality of the shard keys where there are such, or of other columns; sometimes with one condition more. */
export function joinCondition(
  context: Context,
  left: KeyedSource,
  right: KeyedSource,
  scope: readonly Source[],
  isFull: boolean,
): Piece {
  const { random } = context;
  const isNear = left.group === right.group && left.key.length > 0 && left.key.length === right.key.length;
  const equalities: Piece[] = [];
  if (isNear && (context.isNear || random.below(4) > 0)) {
    for (const [i, name] of left.key.entries()) {
      const sides = [`${left.alias}.${name}`, `${right.alias}.${right.key[i]}`];
      equalities.push(random.below(2) === 0 ? sides.join(" = ") : sides.reverse().join(" = "));
    }
    if (!context.isNear && random.below(6) === 0) equalities.pop();
  }
  if (equalities.length === 0) {
    const type = random.pick<ValueType>(["int", "int", "int", "text", "num", "date"]);
    const [one, other] = [columnsOf([left], type), columnsOf([right], type)];
    if (one.length > 0 && other.length > 0) equalities.push(`${random.pick(one)} = ${random.pick(other)}`);
    else if (isFull) equalities.push("true");
    else {
      const wanted = random.pick<ValueType>(["int", "text"]);
      equalities.push([expression(context, [left], wanted, 0), " = ", expression(context, [right], wanted, 0)]);
    }
  }
  // PostgreSQL refuses FULL JOIN with conditions that are not equalities, according to what its planner finds.
  if (!isFull && random.below(4) === 0) equalities.push(condition({ random, isNear: context.isNear }, scope, 1));
  return list(equalities, " AND ");
}

/** `key = 3` or `key IN (1, 2)` of one of the sources; undefined: none has a key. */
export function keyCondition({ random }: Context, sources: readonly KeyedSource[]): Piece | undefined {
  const keyed = sources.filter(({ key }) => key.length > 0);
  if (keyed.length === 0) return undefined;
  const { alias, key, group } = random.pick(keyed);
  const values = keyValues[group];
  if (values === undefined) return undefined;
  const tuple = () => random.pick(values);
  const columns = key.map((name) => `${alias}.${name}`);
  if (columns.length === 1 && random.below(2) === 0) {
    const items = Array.from({ length: 1 + random.below(3) }, () => tuple()[0]!);
    return [columns[0]!, " IN (", list(items, ", "), ")"];
  }
  const constants = tuple();
  return list(
    columns.map((name, i): Piece => [name, " = ", constants[i]!]),
    " AND ",
  );
}

/** Values that are there, by colocation group. */
const keyValues: Readonly<Record<string, readonly (readonly Piece[])[]>> = {
  c: [1, 2, 3, 5, 8, 100].map((id) => [number(id)]),
  p: ["about", "index", "a", "news/2024"].map((slug) => [text(slug)]),
  r: [
    [text("north"), number(1)],
    [text("south"), number(2)],
    [text("East"), number(3)],
  ],
  s: [1, 2, 5].map((id) => [number(id)]),
  l: [1, 2, 3].map((k) => [number(k)]),
  m: [1, 2, 3].map((device) => [number(device)]),
};

function number(value: number): Piece {
  return { kind: "literal", sql: String(value), value: String(value), cast: undefined };
}

function text(value: string): Piece {
  return { kind: "literal", sql: `'${value}'`, value, cast: undefined };
}
