// UPDATE, DELETE and MERGE: on the shard of a key, on all shards at once, on every copy of a reference table, or at home.
import type { DeleteStmt, UpdateStmt } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { Analysis, TableSource } from "../analysis/model.ts";
import { findUndetermined } from "../deterministic.ts";
import { functionDemands } from "../functions.ts";
import type { Plan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { keysTarget } from "./bind-keys.ts";
import { bindStatement } from "./bind-statement.ts";
import { checkWrites, targetOfWrite } from "./check-writes.ts";
import { partitionOfRows } from "./partition.ts";
import { findUnstable, mayMatchSeveral, withoutSublinks } from "./same-on-copies.ts";
import { singleShard } from "./single-shard.ts";
import { homeFunctions } from "./user-functions.ts";

export function planWrite(input: PlanInput, analysis: Analysis): Plan {
  const { root, tables } = analysis;
  const table = targetOfWrite(root);
  const home = homeFunctions(input, analysis);
  checkWrites(input, analysis);

  switch (table.residence) {
    case "distributed":
      return writeDistributed(input, analysis, table, home);
    case "reference":
      return writeReference(input, analysis, table, home);
    default: {
      const sharded = tables.find(({ residence }) => residence === "distributed");
      if (sharded !== undefined) throw refuse("SG008", `it reads "${sharded.node.relname}"`);
      if (root.writes.some((level) => targetOfWrite(level).residence === "reference")) throw refuse("SG054");
      const plan = singleShard(input, analysis.readsLiterals, [{ kind: "home" }], false);
      return tables.some(({ residence }) => residence === "temporary") ? { ...plan, reserve: "temporary table" } : plan;
    }
  }
}

function writeDistributed(input: PlanInput, analysis: Analysis, table: TableSource, home: ReadonlySet<string>): Plan {
  const { root, tables } = analysis;
  if (root.kind === "merge") throw refuse("SG010");
  if (tables.some(({ residence }) => residence === "temporary")) throw refuse("SG002");
  const bound = bindStatement(input, analysis);
  const needsHome = home.size > 0 || tables.some(({ residence }) => residence === "home");
  if (root.writes.some((level) => targetOfWrite(level).residence === "reference")) throw refuse("SG054");
  const several = (): Plan => writeSeveral(input, analysis, table, home);
  if (bound === undefined) return several();
  const targets: readonly Target[] = needsHome ? [...bound.targets, { kind: "home" }] : bound.targets;
  return singleShard(input, bound.readsLiterals, targets, false, several);
}

function writeSeveral(input: PlanInput, analysis: Analysis, table: TableSource, home: ReadonlySet<string>): Plan {
  const { root } = analysis;
  if (isCurrentOf(root.node)) throw refuse("SG011");
  if (root.writes.length > 0) throw refuse("SG054");
  const [name] = [...functionDemands(input.statement.tree, input.catalog.hasShardedTables).home, ...home];
  if (name !== undefined) throw refuse("SG012", `${name}()`);
  const partition = partitionOfRows(root);
  if (partition.kind !== "partitioned") {
    throw refuse("SG007", partition.kind === "none" ? partition.why : "its rows are not sharded");
  }
  const target: Target = keysTarget(table) ?? { kind: "all" };
  return { kind: "scatter-write", target, sql: undefined, replicated: false };
}

/** Every shard does the same to its own copy. */
function writeReference(input: PlanInput, analysis: Analysis, table: TableSource, home: ReadonlySet<string>): Plan {
  const { root, tables } = analysis;
  const foreign = tables.find(({ residence }) => residence !== "reference");
  if (foreign !== undefined) throw refuse("SG009", `it reads "${foreign.node.relname}"`);
  if (root.writes.length > 0) throw refuse("SG054");
  if (isCurrentOf(root.node)) throw refuse("SG011");
  const [name] = [...functionDemands(input.statement.tree, input.catalog.hasShardedTables).home, ...home];
  if (name !== undefined) throw refuse("SG009", `${name}()`);
  const undetermined = findUndetermined(input, withoutSublinks(input.statement.tree)) ?? findUnstable(analysis);
  if (undetermined !== undefined) throw refuse("SG009", undetermined);
  if (root.kind === "merge") throw refuse("SG010");
  const several = root.kind === "update" ? mayMatchSeveral(analysis, table) : undefined;
  if (several !== undefined) throw refuse("SG009", `"${several}" may have several rows for one of the target`);
  return { kind: "scatter-write", target: { kind: "all" }, sql: undefined, replicated: true };
}

function isCurrentOf(node: object): boolean {
  const { whereClause } = node as UpdateStmt | DeleteStmt;
  return nodeOf(whereClause, "CurrentOfExpr") !== undefined;
}
