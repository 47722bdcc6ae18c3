// What a function written in SQL or PL/pgSQL may touch, judged by the names in its body. It errs on the side of seeing too
// much: a column that is called like a table counts as that table. It does not see what user-defined operators and casts
// call, nor what triggers of the tables that it writes do (trigger-rules.ts asks for those).
import { type BodyToken, bodyTokens } from "./body-tokens.ts";
import { reservedWords } from "./reserved-words.ts";
import type { CatalogSnapshot, Relation, UserFunction } from "./snapshot.ts";

export interface Mentions {
  /** Tables, sequences, and whatever views read. The views themselves are not listed. */
  readonly relations: ReadonlySet<Relation>;
  /** Those of them that a statement may change. */
  readonly written: ReadonlySet<Relation>;
  /** Functions of users whose names are called; all overloads. */
  readonly functions: ReadonlySet<UserFunction>;
  /** EXECUTE, or a function that runs SQL given as text. */
  readonly dynamicSql: boolean;
  readonly ddl: boolean;
  /** The first thing in it that gives another value on another shard: "now", "random", "current_timestamp". */
  readonly changing: string | undefined;
  /** Name of a function that cannot be looked into, as its language is neither SQL nor PL/pgSQL. */
  readonly opaque: string | undefined;
}

const sqlRunners = /^(dblink.*|.*_to_xml(schema|_and_xmlschema)?|crosstab.*|connectby|xpath_table|ts_stat|ts_rewrite)$/;
const ddlWords = new Set(["create", "alter", "drop", "truncate", "grant", "revoke", "vacuum", "reindex"]);
/** DDL only at the start of a statement: they are also common names. */
const statementWords = new Set(["comment", "refresh", "cluster", "copy", "import", "lock", "security", "reassign"]);
const sequenceFunctions = new Set(["nextval", "currval", "setval", "to_regclass", "pg_sequence_last_value"]);
const changingWords = /^(current_(date|time|timestamp)|localtime(stamp)?)$/;
const languages = new Set(["sql", "plpgsql"]);
/** Their functions are compiled; those that run SQL are in `sqlRunners` and `spiFunctions`. */
const compiledLanguages = new Set(["c", "internal"]);
const spiFunctions = new Set(["check_primary_key", "check_foreign_key", "autoinc", "lo_manage", "timetravel"]);

/** What one body mentions by itself. Views are replaced by what they read. */
export function bodyMentions(catalog: CatalogSnapshot, body: string): Mentions {
  const found = emptyMentions();
  scanBody(catalog, body, found);
  return found;
}

/** What reading these relations touches: themselves, or what is behind a view. */
export function relationMentions(catalog: CatalogSnapshot, relations: readonly Relation[]): Mentions {
  const found = emptyMentions();
  for (const relation of relations) mention(catalog, relation, false, found);
  return found;
}

/**
 * What the functions may touch, with all that they call. Of a function declared IMMUTABLE, which must not depend on
 * tables, only what its body names counts: it is trusted where it cannot be looked into.
 */
export function functionMentions(catalog: CatalogSnapshot, functions: readonly UserFunction[]): Mentions {
  const found = emptyMentions();
  const seen = new Set<UserFunction>();
  const waiting = [...functions];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const own = ownMentions(catalog, next);
    addMentions(found, next.volatility === "immutable" ? { ...own, dynamicSql: false, opaque: undefined } : own);
    waiting.push(...own.functions);
  }
  return found;
}

function ownMentions(catalog: CatalogSnapshot, candidate: UserFunction): Mentions {
  const { name, language, body } = candidate;
  const found = emptyMentions();
  found.functions.add(candidate);
  if (languages.has(language)) scanBody(catalog, body, found);
  else if (compiledLanguages.has(language)) {
    found.dynamicSql = sqlRunners.test(name);
    found.opaque = spiFunctions.has(name) ? name : undefined;
  } else found.opaque = name;
  return found;
}

function addMentions(found: MutableMentions, more: Mentions): void {
  for (const relation of more.relations) found.relations.add(relation);
  for (const relation of more.written) found.written.add(relation);
  for (const called of more.functions) found.functions.add(called);
  found.dynamicSql ||= more.dynamicSql;
  found.ddl ||= more.ddl;
  found.changing ??= more.changing;
  found.opaque ??= more.opaque;
}

interface MutableMentions extends Mentions {
  readonly relations: Set<Relation>;
  readonly written: Set<Relation>;
  readonly functions: Set<UserFunction>;
  dynamicSql: boolean;
  ddl: boolean;
  changing: string | undefined;
  opaque: string | undefined;
}

function emptyMentions(): MutableMentions {
  return {
    relations: new Set(),
    written: new Set(),
    functions: new Set(),
    dynamicSql: false,
    ddl: false,
    changing: undefined,
    opaque: undefined,
  };
}

function scanBody(catalog: CatalogSnapshot, body: string, found: MutableMentions): void {
  const tokens = bodyTokens(body);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind === "unreadable") found.dynamicSql = true;
    else if (token?.kind === "string") scanString(catalog, tokens, index, found);
    else if (token?.kind === "name") {
      const chain = nameChain(tokens, index);
      if (chain.length === 1 && !token.quoted) scanWord(tokens, index, found);
      scanChain(catalog, tokens, index, chain, found);
      index += 2 * (chain.length - 1);
    }
  }
}

/** The names joined by dots that start here: `a.b.c`. */
function nameChain(tokens: readonly BodyToken[], start: number): readonly string[] {
  const chain: string[] = [];
  for (let index = start; ; index += 2) {
    const token = tokens[index];
    if (token?.kind !== "name") return chain;
    chain.push(token.text);
    if (!isSign(tokens[index + 1], ".")) return chain;
  }
}

function scanWord(tokens: readonly BodyToken[], index: number, found: MutableMentions): void {
  const word = wordAt(tokens, index) ?? "";
  const next = tokens[index + 1];
  if (word === "execute") found.dynamicSql = true;
  if (word === "do" && (next?.kind === "string" || wordAt(tokens, index + 1) === "language")) found.dynamicSql = true;
  if (ddlWords.has(word) && !isSign(next, ":=") && !isSign(next, "=")) found.ddl = true;
  if (statementWords.has(word) && startsStatement(tokens, index) && next?.kind === "name") found.ddl = true;
  if (changingWords.test(word)) found.changing ??= word;
}

function startsStatement(tokens: readonly BodyToken[], index: number): boolean {
  const before = tokens[index - 1];
  if (before === undefined || isSign(before, ";") || isSign(before, ">")) return true;
  return ["begin", "then", "else", "loop", "atomic"].includes(wordAt(tokens, index - 1) ?? "");
}

function scanChain(
  catalog: CatalogSnapshot,
  tokens: readonly BodyToken[],
  start: number,
  chain: readonly string[],
  found: MutableMentions,
): void {
  const after = start + 2 * chain.length - 1;
  const [first = "", second, third] = chain;
  // `t%ROWTYPE` and `t.c%TYPE` name a type and read nothing.
  if (isSign(tokens[after], "%") && ["type", "rowtype"].includes(wordAt(tokens, after + 1) ?? "")) return;
  const last = chain.at(-1) ?? "";
  if (isSign(tokens[after], "(")) {
    if (sqlRunners.test(last)) found.dynamicSql = true;
    if (catalog.volatileFunctions.has(last) || catalog.stableFunctions.has(last)) found.changing ??= last;
    for (const called of catalog.userFunctions.get(last) ?? []) found.functions.add(called);
  }
  if (chain.length === 1 && wordAt(tokens, start) === first && reservedWords.has(first)) return;
  // A field, `(row).field`, or a new name: `AS total`.
  if (isSign(tokens[start - 1], ".") || (chain.length === 1 && wordAt(tokens, start - 1) === "as")) return;
  const written = isWriteTarget(tokens, start);
  for (const schema of catalog.relations.values()) mention(catalog, schema.get(first), written, found);
  if (second !== undefined) mention(catalog, catalog.relations.get(first)?.get(second), written, found);
  if (third !== undefined) mention(catalog, catalog.relations.get(second ?? "")?.get(third), written, found);
}

/** INSERT INTO t, MERGE INTO t, UPDATE t, DELETE FROM t, with or without ONLY. */
function isWriteTarget(tokens: readonly BodyToken[], start: number): boolean {
  const at = wordAt(tokens, start - 1) === "only" ? start - 1 : start;
  const before = wordAt(tokens, at - 1);
  const earlier = wordAt(tokens, at - 2);
  return (
    before === "update" ||
    (before === "into" && (earlier === "insert" || earlier === "merge")) ||
    (before === "from" && earlier === "delete")
  );
}

/** A text counts where it is read as the name of a relation: nextval('s'), 's'::regclass. */
function scanString(
  catalog: CatalogSnapshot,
  tokens: readonly BodyToken[],
  index: number,
  found: MutableMentions,
): void {
  const token = tokens[index];
  const asArgument = isSign(tokens[index - 1], "(") && sequenceFunctions.has(wordAt(tokens, index - 2) ?? "");
  const cast = isSign(tokens[index + 1], "::") && wordAt(tokens, index + 2) === "regclass";
  if (token?.kind !== "string" || !(asArgument || cast || wordAt(tokens, index - 1) === "regclass")) return;
  const names = bodyTokens(token.text);
  scanChain(catalog, names, 0, nameChain(names, 0), found);
}

function mention(
  catalog: CatalogSnapshot,
  relation: Relation | undefined,
  written: boolean,
  found: MutableMentions,
): void {
  if (relation === undefined) return;
  if (relation.kind !== "view") {
    found.relations.add(relation);
    if (written) found.written.add(relation);
    return;
  }
  const behind = emptyMentions();
  scanBody(catalog, relation.definition ?? "", behind);
  if (written) for (const base of behind.relations) behind.written.add(base);
  addMentions(found, behind);
}

function isSign(token: BodyToken | undefined, text: string): boolean {
  return token?.kind === "sign" && token.text === text;
}

/** An unquoted word, else undefined. */
function wordAt(tokens: readonly BodyToken[], index: number): string | undefined {
  const token = tokens[index];
  return token?.kind === "name" && !token.quoted ? token.text : undefined;
}
