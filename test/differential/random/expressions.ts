// Random expressions of a wanted type over the columns in scope. None of them can fail: no overflow, no division by zero,
// no cast that may not succeed; so an error is always a divergence. Results do not depend on the order of rows.
import type { Random } from "../../support/random.ts";
import { choice, list, type Piece } from "./piece.ts";
import type { ValueType } from "./tables.ts";

/** Something in FROM. */
export interface Source {
  readonly alias: string;
  readonly columns: readonly { readonly name: string; readonly type: ValueType }[];
}

export interface Context {
  readonly random: Random;
  /** Whether everything shall stay within one shard key, so that each shard can do its part alone. */
  readonly isNear: boolean;
  /** Makes `EXISTS (...)`, `x IN (SELECT ...)` and the like; undefined: no subqueries here. */
  readonly subquery?: ((scope: readonly Source[], wanted: "exists" | ValueType) => Piece | undefined) | undefined;
}

const texts = ["DE", "FR", "paid", "new", "x", "y", "", "A", "news/2024", "north", "tools", "mail", "about", "Ada"];
const patterns = ["A%", "%a%", "_", "%", "n_w%", "%\\_%", "", "%e"];
const dates = ["2024-01-01", "2024-02-29", "1999-12-31", "2023-06-30", "2024-07-07"];
const times = ["2024-03-01 10:00:00", "2024-05-01 12:00:00", "2024-01-01 00:00:00"];
const numbers = ["0.00", "1.50", "10.00", "99.99", "-3.25", "250.75"];

export function literal({ random }: Context, type: ValueType, cast = true): Piece {
  const make = (value: string, typeName: string, quoted = true): Piece => ({
    kind: "literal",
    sql: quoted ? `'${value.replaceAll("'", "''")}'${cast ? `::${typeName}` : ""}` : value,
    value,
    cast: cast ? typeName : undefined,
  });
  switch (type) {
    case "int":
      return make(String(random.pick([0, 1, 2, 3, 4, 5, 7, 10, 12, 25])), "int", false);
    case "num":
      return make(random.pick(numbers), "numeric");
    case "text":
      return make(random.pick(texts), "text");
    case "bool":
      return random.pick(["true", "false", "NULL::boolean"]);
    case "date":
      return make(random.pick(dates), "date");
    case "timestamp":
      return make(random.pick(times), "timestamp");
    case "uuid":
      return make("ffffffff-ffff-ffff-ffff-ffffffffffff", "uuid");
  }
}

export function columnsOf(scope: readonly Source[], type: ValueType): string[] {
  return scope.flatMap(({ alias, columns }) =>
    columns.filter((column) => column.type === type).map(({ name }) => `${alias}.${name}`),
  );
}

/** A column of that type, or a literal if there is none. */
export function column(context: Context, scope: readonly Source[], type: ValueType): Piece {
  const names = columnsOf(scope, type);
  return names.length > 0 ? context.random.pick(names) : literal(context, type);
}

export function expression(context: Context, scope: readonly Source[], type: ValueType, depth: number): Piece {
  const { random } = context;
  const simple = () => (random.below(5) === 0 ? literal(context, type) : column(context, scope, type));
  if (depth <= 0) return simple();
  const inner = (wanted: ValueType = type) => expression(context, scope, wanted, depth - 1);
  if (type === "bool") return condition(context, scope, depth);
  const fallback = column(context, scope, type);
  if (random.below(8) === 0) {
    const [then, otherwise] = [inner(), inner()];
    return choice(
      rounded(type, ["CASE WHEN ", inner("bool"), " THEN ", then, " ELSE ", otherwise, " END"]),
      then,
      otherwise,
    );
  }
  if (random.below(8) === 0) {
    const items = [inner(), inner()];
    return choice(
      rounded(type, [random.pick(["COALESCE", "GREATEST", "LEAST", "NULLIF"]), "(", list(items, ", ", 2), ")"]),
      fallback,
    );
  }
  const compute = [0, 1, 2, 3].includes(random.below(6));
  if (!compute) return simple();
  switch (type) {
    case "int":
      return choice(
        random.pick<() => Piece>([
          () => ["(", inner(), random.pick([" + ", " - "]), inner(), ")"],
          () => ["(", inner(), " * 2)"],
          () => ["(", inner(), " % ", random.pick(["2", "3", "5"]), ")"],
          () => ["length(", inner("text"), ")"],
          () => ["abs(", inner(), ")"],
          () => ["(- ", inner(), ")"],
          () => ["extract(day FROM ", inner("date"), ")::int"],
          () => scalar(context, scope, type) ?? simple(),
        ])(),
        fallback,
      );
    case "num":
      return choice(
        random.pick<() => Piece>([
          () => ["round(", inner(), random.pick([" + ", " - ", " * "]), inner(random.pick(["num", "int"])), ", 2)"],
          () => ["round(", inner(), " / 4, 2)"],
          () => ["(- ", inner(), ")"],
          () => ["floor(", inner(), ")"],
          () => scalar(context, scope, type) ?? simple(),
        ])(),
        fallback,
      );
    case "text":
      return choice(
        random.pick<() => Piece>([
          () => ["(", inner(), " || ", inner(), ")"],
          () => [random.pick(["upper", "lower", "reverse", "md5"]), "(", inner(), ")"],
          () => ["left(", inner(), ", ", random.pick(["1", "2"]), ")"],
          () => ["(", inner("int"), ")::text"],
          () => ["replace(", inner(), ", 'a', 'b')"],
        ])(),
        fallback,
      );
    case "date":
      return choice(["(", inner(), " + ", random.pick(["1", "31"]), ")"], fallback);
    case "timestamp":
      return choice(["date_trunc('month', ", inner(), ")"], fallback);
    case "uuid":
      return fallback;
  }
}

/** A number whose scale may come from either of several values gets one scale. */
function rounded(type: ValueType, piece: Piece): Piece {
  return type === "num" ? ["round(", piece, ", 2)"] : piece;
}

function scalar(context: Context, scope: readonly Source[], type: ValueType): Piece | undefined {
  return context.subquery?.(scope, type);
}

const comparable: readonly ValueType[] = ["int", "int", "int", "text", "text", "num", "date", "timestamp"];

export function condition(context: Context, scope: readonly Source[], depth: number): Piece {
  const { random } = context;
  const present = comparable.filter((type) => columnsOf(scope, type).length > 0);
  const type = present.length > 0 ? random.pick(present) : "int";
  const left = expression(context, scope, type, depth - 2);
  const operator = () =>
    random.pick([" = ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "]);
  const plain = (): Piece => [column(context, scope, type), operator(), literal(context, type, random.below(2) === 0)];
  if (depth > 0) {
    const nested = random.below(10);
    const inner = () => condition(context, scope, depth - 1);
    if (nested < 2) return bracketed([inner(), inner(), ...(random.below(3) === 0 ? [inner()] : [])], " AND ");
    if (nested < 4) return bracketed([inner(), inner()], " OR ");
    if (nested === 4) {
      const negated = inner();
      return choice(["NOT (", negated, ")"], negated);
    }
    if (nested === 5) {
      const tested = inner();
      return choice(["(", tested, random.pick([") IS TRUE", ") IS NOT TRUE", ") IS NULL", ") IS FALSE"])], tested);
    }
    if (nested === 6) {
      const exists = context.subquery?.(scope, "exists");
      if (exists !== undefined) return choice(exists, "true");
    }
  }
  switch (random.below(11)) {
    case 0:
      return [left, random.pick([" IS NULL", " IS NOT NULL"])];
    case 1: {
      const items = Array.from(
        { length: 1 + random.below(4) },
        (_, i): Piece => (i === 3 && random.below(2) === 0 ? "NULL" : literal(context, type, false)),
      );
      return choice([left, random.pick([" IN (", " NOT IN ("]), list(items, ", "), ")"], plain());
    }
    case 2:
      return choice(
        [
          left,
          random.pick([" BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC "]),
          literal(context, type, false),
          " AND ",
          expression(context, scope, type, 0),
        ],
        plain(),
      );
    case 3:
      if (type !== "text") return plain();
      return [left, random.pick([" LIKE ", " NOT LIKE ", " ILIKE "]), `'${random.pick(patterns)}'`];
    case 4: {
      const bools = columnsOf(scope, "bool");
      return bools.length > 0 ? random.pick(bools) : plain();
    }
    case 5:
    case 6:
      return choice([left, operator(), expression(context, scope, type, depth - 2)], plain());
    case 7:
      if (type === "int") return [left, " = ANY ('{1,2,3,NULL}')"];
      return plain();
    default:
      return plain();
  }
}

function bracketed(items: readonly Piece[], separator: string): Piece {
  return ["(", list(items, separator), ")"];
}
