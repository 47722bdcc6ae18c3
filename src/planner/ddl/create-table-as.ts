// CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW: all shards get the table, its rows go to the home shard.
import type { CreateTableAsStmt, IntoClause, Node, SelectStmt } from "@pgsql/types";
import type { Relation } from "../../catalog/snapshot.ts";
import { SqlError } from "../../pgwire/sql-error.ts";
import { equalTrees } from "../../sql/equal-trees.ts";
import { parse } from "../../sql/parse.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { checkSetval } from "../check-setval.ts";
import { functionDemands } from "../functions.ts";
import { homePlan } from "../home-plan.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { sqlOf } from "../plan-rows.ts";
import { readsOf } from "../reads.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation } from "../relation-of.ts";
import { refuseSetConfig } from "../set-config.ts";
import { allShards } from "./all-shards.ts";
import { createTemporary, isTemporary, isTemporaryName } from "./temporary.ts";

export function planCreateTableAs(input: PlanInput, statement: CreateTableAsStmt): Plan {
  const { into = {}, query } = statement;
  if (query === undefined || nodeOf(query, "SelectStmt") === undefined)
    throw refuse("SG050", "CREATE TABLE AS EXECUTE");
  const isNothing = statement.if_not_exists === true && catalogRelation(input, into.rel) !== undefined;
  if (isNothing) return homePlan(input);
  refuseSetConfig(query);
  checkSetval(input, query);
  functionDemands(query, input.catalog.hasShardedTables);
  const { distributed, functions } = readsOf(input, query);
  if (functions[0] !== undefined) throw refuse("SG063", `${functions[0]}() touches sharded tables`);
  const isMaterializedView = statement.objtype === "OBJECT_MATVIEW";
  if (isMaterializedView && distributed.length > 0) throw refuse("SG065", into.rel?.relname ?? "");
  if (isTemporaryName(into.rel)) {
    const isLocal = distributed.length === 0 || into.skipData === true;
    return isLocal ? createTemporary(input, into.rel) : script(statement, into, query, distributed);
  }
  if (readsTemporary(input, query)) throw refuse("SG077", "a table made from a temporary one must be TEMP too");
  if (into.skipData) return allShards();
  if (distributed.length > 0) return script(statement, into, query, distributed);
  return allShards({ otherSql: textWithoutData(input, withoutData(statement, into)) });
}

/** SELECT .. INTO; of a set operation its leftmost query says so. undefined: there is no INTO. */
export function planSelectInto(input: PlanInput, select: SelectStmt): Plan | undefined {
  const found = takeInto(select);
  if (found === undefined) return undefined;
  return planCreateTableAs(input, {
    query: { SelectStmt: found.query },
    into: found.into,
    objtype: "OBJECT_TABLE",
  });
}

function takeInto(select: SelectStmt): { query: SelectStmt; into: IntoClause } | undefined {
  const { intoClause, ...query } = select;
  if (intoClause !== undefined) return { query, into: intoClause };
  const left = select.larg === undefined ? undefined : takeInto(select.larg);
  return left && { query: { ...select, larg: left.query }, into: left.into };
}

function script(statement: CreateTableAsStmt, into: IntoClause, query: Node, read: readonly Relation[]): Plan {
  const { rel } = into;
  if (rel === undefined) throw refuse("SG077", read.map(({ name }) => name).join(", "));
  const insert: Node = {
    InsertStmt: {
      relation: { ...rel, relpersistence: "p" },
      selectStmt: query,
      override: "OVERRIDING_NOT_SET",
    },
  };
  return {
    kind: "script",
    statements: [sqlOf(withoutData(statement, into)), sqlOf(insert)],
    tag: "SELECT $n",
  };
}

/** The table without rows. IF NOT EXISTS is left out: the table was not there when this was planned. */
function withoutData(statement: CreateTableAsStmt, into: IntoClause): Node {
  const { if_not_exists, ...others } = statement;
  return {
    CreateTableAsStmt: { ...others, into: { ...into, skipData: true }, objtype: statement.objtype ?? "OBJECT_TABLE" },
  };
}

/** The client's own text if WITH NO DATA can be put behind it. */
function textWithoutData(input: PlanInput, wanted: Node): string {
  const appended = `${input.statement.text}\nWITH NO DATA`;
  try {
    if (equalTrees(parse(appended)[0]?.tree, wanted)) return appended;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
  }
  return sqlOf(wanted);
}

function readsTemporary(input: PlanInput, query: Node): boolean {
  let found = false;
  walk(query, (type, node) => {
    if (type === "RangeVar" && isTemporary(input, node)) found = true;
    return undefined;
  });
  return found;
}
