// Random subqueries in expressions: EXISTS, IN and scalar ones, most of them correlated.
import { type Context, column, columnsOf, condition, type Source } from "./expressions.ts";
import { list, type Piece } from "./piece.ts";
import { type Aliases, joinCondition, type KeyedSource, keyedSource, pickTable } from "./sources.ts";
import type { ValueType } from "./tables.ts";

/** Subqueries in expressions, to a depth. */
export function subqueries(
  style: Pick<Context, "random" | "isNear">,
  aliases: Aliases,
  depth: number,
): NonNullable<Context["subquery"]> {
  const { random, isNear } = style;
  return (scope, wanted) => {
    if (depth <= 0 || scope.length === 0) return undefined;
    const outer = random.pick(scope);
    const keyed: KeyedSource = "key" in outer ? (outer as KeyedSource) : { ...outer, key: [], group: "" };
    const table = pickTable(style, keyed.group);
    const inner = keyedSource(table, aliases.next("s"));
    const context: Context = { ...style, subquery: subqueries(style, aliases, depth - 1) };
    const correlated = isNear || random.below(4) > 0;
    const conditions = [
      ...(correlated ? [joinCondition(context, keyed, inner, [...scope, inner], false)] : []),
      ...(random.below(2) === 0 || !correlated ? [condition(context, [inner], 1)] : []),
    ];
    const where = [" FROM ", table.name, " ", inner.alias, " WHERE ", list(conditions, " AND ")];
    if (wanted === "exists") {
      if (random.below(2) === 0) return [random.pick(["EXISTS", "NOT EXISTS"]), " (SELECT 1", where, ")"];
      const type = random.pick<ValueType>(["int", "int", "text"]);
      const left = columnsOf(scope, type);
      if (left.length === 0 || columnsOf([inner], type).length === 0) return undefined;
      const key = keyOrColumn(context, [inner], type);
      return [random.pick(left), random.pick([" IN", " NOT IN", " = ANY", " <> ALL"]), " (SELECT ", key, where, ")"];
    }
    if (wanted === "int" && random.below(2) === 0) return ["(SELECT count(*)::int", where, ")"];
    const columns = columnsOf([inner], wanted);
    if (columns.length === 0) return undefined;
    return ["(SELECT ", random.pick(["max", "min"]), "(", random.pick(columns), ")", where, ")"];
  };
}

/** The shard key of one of the sources, half the time. */
export function keyOrColumn(context: Context, sources: readonly Source[], type: ValueType): Piece {
  const { random } = context;
  const keyed = sources.filter(
    (source): source is KeyedSource => "key" in source && (source as KeyedSource).key.length === 1,
  );
  const keys = keyed.filter(({ key, columns }) => columns.find(({ name }) => name === key[0])?.type === type);
  if (keys.length === 0 || (!context.isNear && random.below(2) === 0)) return column(context, sources, type);
  const { alias, key } = random.pick(keys);
  return `${alias}.${key[0]}`;
}
