// COPY. Into a distributed table the gateway reads the shard key out of every line; out of one, the shards' lines follow
// each other.
import type { CopyStmt, Node } from "@pgsql/types";
import type { Column, Relation } from "../catalog/snapshot.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { lex } from "../sql/lexer.ts";
import { parse } from "../sql/parse.ts";
import { TokenKind } from "../sql/token-kind.ts";
import { nodeOf } from "../sql/walk.ts";
import { checkTriggers } from "./check-triggers.ts";
import { copyFormat, hasOtherEncoding } from "./copy-format.ts";
import { namesOf, optionNamed } from "./definition.ts";
import { findUndetermined } from "./deterministic.ts";
import { functionDemands } from "./functions.ts";
import { homePlan } from "./home-plan.ts";
import { columnNamed, type Distributed, isLocalDefault, storedKey } from "./insert-target.ts";
import { changesWhenStored } from "./key-source.ts";
import type { CopyInPlan, Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRows } from "./plan-rows.ts";
import { planOrNothing } from "./query/single-shard.ts";
import { isShardLocal, readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";
import { catalogRelation } from "./relation-of.ts";

export function planCopy(input: PlanInput, statement: CopyStmt): Plan {
  if (statement.query !== undefined) return copyQuery(input, statement, statement.query);
  const relation = catalogRelation(input, statement.relation);
  // PostgreSQL says what to write instead of COPY view TO.
  if (relation?.kind === "view" && statement.is_from) {
    const { distributed, reference } = readsOf(input, { RangeVar: statement.relation ?? {} });
    if (distributed.length + reference.length > 0) throw refuse("SG053", relation.name);
  }
  if (relation !== undefined && statement.is_from) checkTriggers(input, relation);
  const isServerSide = statement.filename !== undefined;
  if (relation === undefined || relation.distribution.kind === "unsharded") {
    return statement.is_from && !isServerSide ? copyInHome(statement, relation) : homePlan(input);
  }
  if (isServerSide) throw refuse("SG056", `"${relation.name}"`);
  if (!statement.is_from) return copyOut(input, statement, relation);
  return copyIn(input, statement, relation);
}

function copyOut(input: PlanInput, statement: CopyStmt, relation: Relation): Plan {
  if (relation.distribution.kind === "reference") {
    return { ...homePlan(input), targets: [{ kind: "any" }], readOnly: true };
  }
  return {
    kind: "copy-out",
    target: { kind: "all" },
    sql: undefined,
    format: copyFormat(statement.options),
    readOnly: true,
  };
}

function copyInHome(statement: CopyStmt, relation: Relation | undefined): CopyInPlan {
  return {
    kind: "copy-in",
    into: "home",
    types: [],
    keyColumns: [],
    fieldCount: statement.attlist?.length ?? (relation === undefined ? 0 : copiedColumns(statement, relation).length),
    format: copyFormat(statement.options),
  };
}

function copyIn(input: PlanInput, statement: CopyStmt, relation: Relation): CopyInPlan {
  const { options, whereClause } = statement;
  const columns = copiedColumns(statement, relation);
  for (const name of ["default", "reject_limit"]) {
    if (optionNamed(options, name) !== undefined) throw refuse("SG057", `the option ${name.toUpperCase()}`);
  }
  if (hasOtherEncoding(options)) throw refuse("SG057", "an ENCODING other than UTF8");
  if (whereClause !== undefined) checkWhere(input, relation, whereClause);
  const plan = {
    kind: "copy-in",
    fieldCount: columns.length,
    format: copyFormat(options),
  } as const;
  const { distribution } = relation;
  if (distribution.kind !== "distributed") {
    checkDefaults(relation, columns);
    return { ...plan, into: "reference", types: [], keyColumns: [] };
  }
  checkForcedColumns(options, distribution);
  const elsewhere = relation.columns.find((column) => !columns.includes(column) && !isLocalDefault(input, column));
  if (elsewhere !== undefined) throw refuse("SG057", `the default of "${elsewhere.name}", which reads tables`);
  const keyColumns = distribution.shardKey.map((name, index) => {
    const column = columnNamed(relation, name);
    const position = columns.indexOf(column);
    if (position < 0) throw refuse("SG057", `a column list without shard key column "${name}"`);
    const type = distribution.types[index];
    if (type !== undefined && changesWhenStored(column, type)) {
      throw refuse("SG057", `shard key column "${name}" of type ${column.typeName}, which rounds`);
    }
    return position;
  });
  const { types } = distribution;
  return { ...plan, into: "distributed", types, stored: storedKey(relation, distribution), keyColumns };
}

/** Without a list: all but generated ones. */
function copiedColumns(statement: CopyStmt, relation: Relation): readonly Column[] {
  if (statement.attlist === undefined) return relation.columns.filter(({ generated }) => !generated);
  return namesOf(statement.attlist).map((name) => {
    const column = relation.columns.find((each) => each.name === name);
    if (column !== undefined) return column;
    throw new SqlError({
      code: "42703",
      message: `column "${name}" of relation "${relation.name}" does not exist`,
    });
  });
}

/** Every shard would fill the other columns of a reference table with values of its own. */
function checkDefaults(relation: Relation, columns: readonly Column[]): void {
  for (const column of relation.columns) {
    const isAlike = (column.defaultVolatility ?? "immutable") === "immutable";
    if (!columns.includes(column) && !isAlike) {
      throw refuse("SG057", `a column list without "${column.name}", whose default differs from shard to shard`);
    }
  }
}

function checkWhere(input: PlanInput, relation: Relation, where: Node): void {
  if (!isShardLocal(readsOf(input, where))) throw refuse("SG057", "this WHERE");
  const [name] = functionDemands(where, true).home;
  const undetermined = relation.distribution.kind === "reference" ? findUndetermined(input, where) : undefined;
  const unfit = name === undefined ? undetermined : `${name}()`;
  if (unfit !== undefined) throw refuse("SG057", `${unfit} in WHERE`);
}

/** FORCE_NULL and FORCE_NOT_NULL change which lines mean NULL. */
function checkForcedColumns(options: readonly Node[] | undefined, distribution: Distributed): void {
  for (const option of ["force_null", "force_not_null"]) {
    const arg = optionNamed(options, option)?.arg;
    if (arg === undefined) continue;
    const names = namesOf(nodeOf(arg, "List")?.items);
    if (nodeOf(arg, "A_Star") !== undefined || distribution.shardKey.some((name) => names.includes(name))) {
      throw refuse("SG057", `${option.toUpperCase()} of the shard key`);
    }
  }
}

function copyQuery(input: PlanInput, statement: CopyStmt, query: Node): Plan {
  const inner = planRows({ ...input, statement: { ...input.statement, tree: query } });
  if (statement.filename !== undefined) {
    const isAtHome =
      inner.kind === "single-shard" && inner.targets.every(({ kind }) => kind === "home" || kind === "any");
    if (!isAtHome) throw refuse("SG056", "rows");
    return { ...inner, targets: [{ kind: "home" }] };
  }
  return copyOfPlan(input, statement, inner);
}

function copyOfPlan(input: PlanInput, statement: CopyStmt, inner: Plan): Plan {
  if (inner.kind === "single-shard") {
    const { otherwise } = inner;
    return { ...inner, otherwise: otherwise && planOrNothing(() => copyOfPlan(input, statement, otherwise)) };
  }
  const { before, query, after } = queryInParentheses(input.statement.text);
  const [parsed] = parse(query);
  if (parsed === undefined) throw refuse("SG058");
  // Planned again as a statement of its own: the plan's SQL must be that of the query alone.
  const plan = planSeveral({ ...input, statement: parsed, normalized: undefined });
  const isConcatenation =
    plan.kind === "scatter" &&
    plan.orderBy.length === 0 &&
    plan.hiddenColumns === 0 &&
    plan.limit === undefined &&
    plan.offset === undefined;
  if (!isConcatenation) throw refuse("SG058");
  const { target, sql, readOnly } = plan;
  return { kind: "copy-out", target, sql: before + sql + after, format: copyFormat(statement.options), readOnly };
}

/** The plan for when the query's keys are not those of one shard. */
function planSeveral(input: PlanInput): Plan {
  const plan = planRows(input);
  return plan.kind === "single-shard" ? (plan.otherwise ?? planRows({ ...input, ignoreKeys: true })) : plan;
}

/** `COPY (query) TO ..` cut at the parentheses of the query. */
function queryInParentheses(text: string): { before: string; query: string; after: string } {
  const tokens = lex(text);
  let depth = 0;
  for (let index = 1; tokens !== undefined && index < tokens.count; index++) {
    const start = tokens.starts[index]!;
    const symbol = tokens.kinds[index] === TokenKind.symbol ? text.charAt(start) : "";
    if (symbol === "(") depth++;
    if (symbol !== ")" || --depth > 0) continue;
    const open = tokens.ends[1]!;
    return { before: text.slice(0, open), query: text.slice(open, start), after: text.slice(start) };
  }
  throw refuse("SG058");
}
