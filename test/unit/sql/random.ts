// Random numbers that come again for the same seed, and random SQL made of them.

export interface Random {
  /** From 0 up to but without 1. */
  next(): number;
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
}

/** mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: (list) => list[below(list.length)]! };
}

/** How often a random test runs: more with SHARDGRES_LONG=1. */
export function rounds(short: number): number {
  return process.env.SHARDGRES_LONG === "1" ? short * 50 : short;
}

const leaves = "a t.b 1 -1 'x' $1 null true -2.5 \"Q\" 99999999999 f(a) count(*) a[1] (t.c).d E'\\n' B'01' (select1)"
  .split(" ")
  .map((leaf) => leaf.replace("(select1)", "(select 1)"));
const operators = "+ - * / % ^ || = < > <= >= <> -> ->> @> && ~ !~* <<".split(" ");
/** `_` is an expression, `@` an operator. */
const shapes = [
  "_ @ _",
  "_ @ _",
  "_ and _",
  "_ or _",
  "not _",
  "- _",
  "~ _",
  "_ is null",
  "_ is not true",
  "_ is distinct from _",
  "_ between _ and _",
  "_ not in (_, _)",
  "_ like _ escape _",
  "_ similar to _",
  "_::int",
  "_::numeric(3, 1)[]",
  "case when _ then _ else _ end",
  "case _ when _ then _ end",
  "coalesce(_, _)",
  "f(_, x => _)",
  "array[_, _]",
  "(_, _) = (_, _)",
  "row(_)",
  "(_)[_]",
  "(_).x",
  "_ = any(_)",
  "_ <> all (select _)",
  "_ at time zone _",
  '_ collate "C"',
  "exists (select _ from t where _)",
  "_ in (select _)",
  "sum(_) filter (where _) over (partition by _ order by _ desc)",
  "extract(epoch from _)",
  "_ operator(pg_catalog.+) _",
  "_ is json",
  "_ is document",
  "substring(_ from _)",
  "trim(_)",
];

/** An expression that the grammar usually, but not always, accepts. */
export function randomExpression(random: Random, depth: number): string {
  if (depth <= 0) return random.pick(leaves);
  return random
    .pick(shapes)
    .replaceAll("@", () => random.pick(operators))
    .replaceAll("_", (_mark, offset, shape: string) => {
      if (/\w/.test(shape.charAt(offset - 1)) || /\w/.test(shape.charAt(offset + 1))) return "_";
      const expression = randomExpression(random, depth - 1 - random.below(2));
      return random.next() < 0.35 ? `(${expression})` : expression;
    });
}

const soupFragments = [
  ..."a b E e N n B X x U& u& ' '' 'abc' \" \"\" \"q\" $ $$ $a$ $é$ $1 $12 1 0 9 _ 0x 0X1F 0o7 0b1 . .. e5 E+ 1e + - * /".split(
    " ",
  ),
  ..."/* */ -- < > = ~ ! @ # % ^ & | ` ? : :: := => <= <> != ( ) [ ] , ; { } \\ \\' é 日 😀 select uescape".split(" "),
  "\n",
  "\r",
  " ",
  "\t",
  "\v",
  "\f",
  "'\n'",
  "' \t\n '",
  "\u0001",
];

/** Pieces of tokens in any order. */
export function randomSoup(random: Random): string {
  let soup = "";
  for (let count = 1 + random.below(8); count > 0; count--) soup += random.pick(soupFragments);
  return soup;
}
