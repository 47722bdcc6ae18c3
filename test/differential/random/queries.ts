// Random SELECT statements whose answer is determined: every function in them gives the same for the same rows in any
// order, and LIMIT comes only with an ORDER BY of all columns.
import type { Random } from "../../support/random.ts";
import { type Context, column, condition, expression, type Source } from "./expressions.ts";
import { choice, list, optional, type Piece } from "./piece.ts";
import { Aliases, type KeyedSource, keyCondition, type NamedQuery, randomFrom } from "./sources.ts";
import { keyOrColumn, subqueries } from "./subqueries.ts";
import type { ValueType } from "./tables.ts";

export interface RandomQuery {
  readonly piece: Piece;
  /** How many of the first columns the rows are sorted by. */
  readonly sortedBy: number;
}

interface Body {
  readonly piece: Piece;
  readonly types: readonly ValueType[];
  /** Positions by which it must be sorted to be determined. */
  readonly order?: readonly number[];
}

const outputTypes: readonly ValueType[] = ["int", "int", "int", "text", "text", "num", "date", "bool"];

export function randomQuery(random: Random): RandomQuery {
  const aliases = new Aliases();
  const isNear = random.below(3) === 0;
  const context: Context = { random, isNear, subquery: subqueries({ random, isNear }, aliases, 1) };
  const named: (NamedQuery & { piece: Piece })[] = [];
  if (!isNear && random.below(6) === 0) {
    const name = aliases.next("w");
    const body = sorted(selectBody(context, aliases, [], outputs(random, 1 + random.below(3))));
    const columns = body.types.map((type, i) => ({ name: `c${i + 1}`, type }));
    const names = columns.map((each) => each.name).join(", ");
    named.push({ name, columns, piece: [name, `(${names}) AS (`, body.piece, ")"] });
  }
  const types = outputs(random, 1 + random.below(4));
  const body =
    random.below(8) === 0 ? setOperation(context, aliases, named, types) : selectBody(context, aliases, named, types);
  const withClause =
    named.length === 0
      ? ""
      : [
          "WITH ",
          list(
            named.map(({ piece }) => piece),
            ", ",
          ),
          " ",
        ];
  const count = body.types.length;
  if (body.order !== undefined) {
    return { piece: [withClause, sorted(body).piece, optional(" LIMIT 7")], sortedBy: count };
  }
  const sortedBy = random.below(3) === 0 ? 0 : random.below(2) === 0 ? count : 1 + random.below(count);
  const order = sortedBy === 0 ? "" : orderBy(random, sortedBy, count);
  return { piece: [withClause, body.piece, order], sortedBy };
}

function sorted({ piece, types, order }: Body): Body {
  return { piece: order === undefined ? piece : [piece, " ORDER BY ", order.join(", ")], types };
}

function orderBy(random: Random, sortedBy: number, count: number): Piece {
  const keys = Array.from({ length: sortedBy }, (_, i) => {
    const direction = random.pick(["", "", " DESC", " ASC", " DESC NULLS LAST", " NULLS FIRST"]);
    return `${i + 1}${direction}`;
  });
  const order = [" ORDER BY ", keys.join(", ")];
  if (sortedBy < count) return optional(order);
  const limit = optional([" LIMIT ", String(random.pick([0, 1, 2, 5, 10]))]);
  const offset = optional([" OFFSET ", String(random.pick([0, 1, 3]))]);
  return optional([order, random.below(2) === 0 ? limit : "", random.below(3) === 0 ? offset : ""]);
}

function outputs(random: Random, count: number): ValueType[] {
  return Array.from({ length: count }, () => random.pick(outputTypes));
}

function selectBody(
  context: Context,
  aliases: Aliases,
  named: readonly NamedQuery[],
  types: readonly ValueType[],
): Body {
  const { random } = context;
  const { piece: from, sources } = randomFrom(context, aliases, named, random.pick([1, 1, 1, 2, 2, 2, 3]));
  const where = whereClause(context, sources);
  const form = context.isNear ? random.pick([0, 0, 0, 6, 6, 9]) : random.below(10);
  const rest = [" FROM ", from, where];
  if (form < 4) {
    const distinct = random.below(4) === 0 ? optional("DISTINCT ") : "";
    const items = types.map((type) => expression(context, sources, type, 2));
    if (random.below(10) === 0) {
      const all = types.map((_, i) => i + 1);
      const on = all.slice(0, 1 + random.below(all.length)).join(", ");
      return { piece: ["SELECT DISTINCT ON (", on, ") ", list(items, ", ", items.length), rest], types, order: all };
    }
    return { piece: ["SELECT ", distinct, list(items, ", "), rest], types };
  }
  if (form < 6) {
    const items = Array.from({ length: types.length }, () => aggregate(context, sources));
    const having = random.below(5) === 0 ? optional([" HAVING ", having_(context, sources)]) : "";
    return {
      piece: [
        "SELECT ",
        list(
          items.map(([piece]) => piece),
          ", ",
        ),
        rest,
        having,
      ],
      types: items.map(([, type]) => type),
    };
  }
  if (form < 9) return grouped(context, sources, types, rest);
  return windowed(context, sources, rest);
}

function whereClause(context: Context, sources: readonly KeyedSource[]): Piece {
  const { random } = context;
  const key = random.below(5) === 0 ? keyCondition(context, sources) : undefined;
  const other = random.below(2) === 0 ? condition(context, sources, random.below(3)) : undefined;
  const conditions = [key, other].filter((each) => each !== undefined);
  return conditions.length === 0 ? "" : optional([" WHERE ", list(conditions, " AND ")]);
}

function grouped(context: Context, sources: readonly Source[], types: readonly ValueType[], rest: Piece): Body {
  const { random } = context;
  const groupTypes = types.slice(0, 1 + random.below(2));
  const groups = groupTypes.map((type) =>
    !context.isNear && random.below(3) === 0
      ? expression(withoutSubqueries(context), sources, type, 1)
      : keyOrColumn(context, sources, type),
  );
  const items = Array.from({ length: 1 + random.below(2) }, () => aggregate(context, sources));
  const positions = groups.map((_, i) => String(i + 1)).join(", ");
  const isPlain = context.isNear || random.below(5) > 0;
  const grouping = isPlain ? positions : choice([random.pick(["ROLLUP (", "CUBE ("]), positions, ")"], positions);
  const having = random.below(3) === 0 ? optional([" HAVING ", having_(context, sources)]) : "";
  return {
    piece: [
      "SELECT ",
      groups.flatMap((group) => [group, ", "]),
      list(
        items.map(([piece]) => piece),
        ", ",
      ),
      rest,
      " GROUP BY ",
      grouping,
      having,
    ],
    types: [...groupTypes, ...items.map(([, type]) => type)],
  };
}

/** Constants in GROUP BY and in windows would be taken for positions. */
function withoutSubqueries({ random, isNear }: Context): Context {
  return { random, isNear };
}

function windowed(context: Context, sources: readonly Source[], rest: Piece): Body {
  const { random } = context;
  const partition =
    !context.isNear && random.below(3) === 0
      ? ""
      : optional(["PARTITION BY ", keyOrColumn(context, sources, random.pick(["int", "text"])), " "]);
  const ordered = column(context, sources, random.pick(["int", "num", "text"]));
  const over = [" OVER (", partition, "ORDER BY ", ordered, random.pick(["", " DESC"]), ")"];
  const call = random.pick<() => Piece>([
    () => "rank()",
    () => "dense_rank()",
    () => "count(*)",
    () => ["sum(", column(context, sources, "int"), ")"],
    () => ["min(", column(context, sources, "int"), ")"],
    () => ["count(", column(context, sources, "text"), ")"],
  ])();
  const shown = column(context, sources, "int");
  return { piece: ["SELECT ", shown, ", ", call, over, rest], types: ["int", "int"] };
}

function aggregate(context: Context, sources: readonly Source[]): [Piece, ValueType] {
  const { random } = context;
  const filter =
    random.below(6) === 0 ? optional([" FILTER (WHERE ", condition(withoutSubqueries(context), sources, 1), ")"]) : "";
  const argument = (type: ValueType) => expression(withoutSubqueries(context), sources, type, random.below(2));
  const distinct = random.below(5) === 0 ? optional("DISTINCT ") : "";
  const [piece, type] = random.pick<() => [Piece, ValueType]>([
    () => ["count(*)", "int"],
    () => [["count(", distinct, argument(random.pick(["int", "text", "num"])), ")"], "int"],
    () => [["sum(", distinct, argument("int"), ")"], "int"],
    () => [["sum(", distinct, argument("num"), ")"], "num"],
    () => [["avg(", distinct, argument(random.pick(["int", "num"])), ")"], "num"],
    () => [[random.pick(["min", "max"]), "(", argument("int"), ")"], "int"],
    () => [[random.pick(["min", "max"]), "(", argument("text"), ")"], "text"],
    () => [[random.pick(["min", "max"]), "(", column(context, sources, "num"), ")"], "num"],
    () => [[random.pick(["min", "max"]), "(", argument("date"), ")"], "date"],
    () => [[random.pick(["bool_and", "bool_or", "every"]), "(", argument("bool"), ")"], "bool"],
    () => {
      const text = column(context, sources, "text");
      return [["string_agg(", distinct, text, ", ',' ORDER BY ", text, ")"], "text"];
    },
    () => [[random.pick(["stddev", "var_pop"]), "(", argument("int"), ")"], "num"],
    () => [["bit_or(", argument("int"), ")"], "int"],
  ])();
  return [choice([piece, filter], "count(*)"), type];
}

function having_(context: Context, sources: readonly Source[]): Piece {
  const { random } = context;
  return random.pick<() => Piece>([
    () => ["count(*) > ", String(random.below(4))],
    () => ["max(", column(context, sources, "int"), ") < ", String(random.below(20))],
    () => ["sum(", column(context, sources, "num"), ") IS NOT NULL"],
    () => ["bool_or(", condition(withoutSubqueries(context), sources, 0), ")"],
  ])();
}

function setOperation(
  context: Context,
  aliases: Aliases,
  named: readonly NamedQuery[],
  types: readonly ValueType[],
): Body {
  const { random } = context;
  const branch = (): Piece => {
    const { piece: from, sources } = randomFrom(context, aliases, named, random.pick([1, 1, 2]));
    // Equal numbers of different scales: which is shown would be up to chance.
    const items = types.map((type) =>
      type === "num"
        ? ["round(", column(context, sources, type), ", 2)"]
        : type === "int"
          ? keyOrColumn(context, sources, type)
          : expression(context, sources, type, 1),
    );
    const where = optional([" WHERE ", condition(context, sources, 1)]);
    return ["SELECT ", items.flatMap((item, i) => (i === 0 ? [item] : [", ", item])), " FROM ", from, where];
  };
  const [first, second] = [branch(), branch()];
  const operator = () =>
    random.pick([" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ", " EXCEPT ALL ", " INTERSECT ALL "]);
  const both = choice([first, operator(), second], first, second);
  if (random.below(3) > 0) return { piece: both, types };
  return { piece: choice(["(", both, ")", operator(), branch()], both), types };
}
