// Every statement that changes the schema, the roles or the server: checks first, then all shards.
import type { CreateSchemaStmt, Node, RefreshMatViewStmt, RenameStmt, ViewStmt } from "@pgsql/types";
import { parse } from "../../sql/parse.ts";
import { nodeOf, typeOf, walk } from "../../sql/walk.ts";
import { namesOf } from "../definition.ts";
import { homePlan } from "../home-plan.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { readsOf } from "../reads.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation, rangeVarOfNames } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { planAlterTable } from "./alter-table.ts";
import { planCreateIndex } from "./create-index.ts";
import { planCreateTable } from "./create-table.ts";
import { planCreateTableAs } from "./create-table-as.ts";
import { planCreateRule, planCreateTrigger, planPolicy } from "./create-trigger.ts";
import { planAlterDatabase, planCreateDatabase, planCreateTablespace, planDropDatabase } from "./database.ts";
import { planDrop } from "./drop.ts";
import { planCluster, planLock, planReindex, planTruncate, planVacuum } from "./maintenance.ts";
import { checkRoles, planDropRole, planRole } from "./role.ts";
import { planAlterSequence, planCreateSequence } from "./sequence.ts";
import { planDatabaseSet, planRoleSet, planSystemSet } from "./set-default.ts";
import { createTemporary, isTemporary, isTemporaryName, onTemporary } from "./temporary.ts";

export function planDdl(input: PlanInput): Plan {
  const { tree, text } = input.statement;
  // Each of these has one key; the first that fits decides.
  if ("CreateStmt" in tree) return planCreateTable(input, tree.CreateStmt);
  if ("AlterTableStmt" in tree) return planAlterTable(input, tree.AlterTableStmt);
  if ("IndexStmt" in tree) return planCreateIndex(input, tree.IndexStmt);
  if ("DropStmt" in tree) return planDrop(input, tree.DropStmt);
  if ("CreateTableAsStmt" in tree) return planCreateTableAs(input, tree.CreateTableAsStmt);
  if ("ViewStmt" in tree) return planCreateView(input, tree.ViewStmt);
  if ("RefreshMatViewStmt" in tree) return planRefresh(input, tree.RefreshMatViewStmt);
  if ("CreateSchemaStmt" in tree) return planCreateSchema(input, tree.CreateSchemaStmt);
  if ("CreateTrigStmt" in tree) return planCreateTrigger(input, tree.CreateTrigStmt);
  if ("RuleStmt" in tree) return planCreateRule(input, tree.RuleStmt);
  if ("CreatePolicyStmt" in tree) return planPolicy(input, tree.CreatePolicyStmt);
  if ("AlterPolicyStmt" in tree) return planPolicy(input, tree.AlterPolicyStmt);
  if ("CreateSeqStmt" in tree) return planCreateSequence(input, tree.CreateSeqStmt);
  if ("AlterSeqStmt" in tree) return planAlterSequence(input, tree.AlterSeqStmt);
  if ("RenameStmt" in tree) return planRename(input, tree.RenameStmt);
  if ("TruncateStmt" in tree) return planTruncate(input, tree.TruncateStmt);
  if ("LockStmt" in tree) return planLock(input, tree.LockStmt);
  if ("VacuumStmt" in tree) return planVacuum(input, tree.VacuumStmt);
  if ("ReindexStmt" in tree) return planReindex(input, tree.ReindexStmt);
  if ("ClusterStmt" in tree) return planCluster(input, tree.ClusterStmt);
  if ("CreateRoleStmt" in tree) return planRole(tree.CreateRoleStmt, text);
  if ("AlterRoleStmt" in tree) return planRole(tree.AlterRoleStmt, text);
  if ("DropRoleStmt" in tree) return planDropRole(tree.DropRoleStmt);
  if ("CreatedbStmt" in tree) return planCreateDatabase(tree.CreatedbStmt);
  if ("DropdbStmt" in tree) return planDropDatabase(tree.DropdbStmt);
  if ("AlterDatabaseStmt" in tree) return planAlterDatabase(tree.AlterDatabaseStmt);
  if ("AlterRoleSetStmt" in tree) return planRoleSet(tree.AlterRoleSetStmt);
  if ("AlterDatabaseSetStmt" in tree) return planDatabaseSet(tree.AlterDatabaseSetStmt);
  if ("AlterSystemStmt" in tree) return planSystemSet(tree.AlterSystemStmt);
  if ("CreateTableSpaceStmt" in tree) return planCreateTablespace(tree.CreateTableSpaceStmt);
  if ("DropOwnedStmt" in tree) checkRoles(tree.DropOwnedStmt.roles);
  if ("ReassignOwnedStmt" in tree) checkRoles(tree.ReassignOwnedStmt.roles);
  return planOther(input, tree);
}

/** What has no meaning for all shards, or loads code into one connection. */
const refused = new Map<string, string>([
  ["LoadStmt", "LOAD"],
  ["AlterTableMoveAllStmt", "ALTER TABLE ALL IN TABLESPACE"],
]);

const notTransactional: ReadonlySet<string> = new Set(["DropTableSpaceStmt"]);

const keepsCatalog: ReadonlySet<string> = new Set([
  "AlterDatabaseRefreshCollStmt",
  "AlterDefaultPrivilegesStmt",
  "AlterEventTrigStmt",
  "AlterStatsStmt",
  "CheckPointStmt",
  "CommentStmt",
  "ConstraintsSetStmt",
  "CreateEventTrigStmt",
  "CreatePublicationStmt",
  "CreateStatsStmt",
  "DropTableSpaceStmt",
  "GrantRoleStmt",
  "GrantStmt",
  "SecLabelStmt",
]);

function planOther(input: PlanInput, tree: Node): Plan {
  const type = typeOf(tree);
  if (type.includes("Subscription")) throw refuse("SG064");
  const what = refused.get(type);
  if (what !== undefined) throw refuse("SG050", what);
  if (mentionsTemporary(input, tree)) return onTemporary(input);
  return allShards({ transactional: !notTransactional.has(type), changesCatalog: !keepsCatalog.has(type) });
}

function planCreateView(input: PlanInput, statement: ViewStmt): Plan {
  const { view, query } = statement;
  // PostgreSQL makes a view of a temporary table temporary by itself.
  const isOfTemporary = query !== undefined && mentionsTemporary(input, query);
  if (!isTemporaryName(view) && !isOfTemporary) return allShards();
  const reads = readsOf(input, query ?? []);
  if (reads.distributed.length > 0) throw refuse("SG077", `view "${view?.relname ?? ""}"`);
  return createTemporary(input, view);
}

/** Its rows are on the home shard, as those of the tables it reads must be. */
function planRefresh(input: PlanInput, { relation }: RefreshMatViewStmt): Plan {
  const view = catalogRelation(input, relation);
  const queries = view?.definition === undefined ? [] : parse(view.definition).map(({ tree }) => tree);
  if (view !== undefined && readsOf(input, queries).distributed.length > 0) throw refuse("SG065", view.name);
  return { ...homePlan(input), anyLiterals: false };
}

/** Its elements are statements of their own. */
function planCreateSchema(input: PlanInput, statement: CreateSchemaStmt): Plan {
  for (const tree of statement.schemaElts ?? []) {
    const plan = planDdl({ ...input, statement: { tree, text: input.statement.text } });
    if (plan.kind !== "all-shards") throw refuse("SG050", "CREATE SCHEMA with temporary objects");
  }
  return allShards();
}

function planRename(input: PlanInput, statement: RenameStmt): Plan {
  if (statement.renameType === "OBJECT_DATABASE") {
    return allShards({ changesCatalog: false, database: { action: "rename", name: statement.subname ?? "" } });
  }
  const { renameType, relation, subname, newname = "" } = statement;
  const isOwner = renameType === "OBJECT_SCHEMA" || renameType === "OBJECT_ROLE";
  if (isOwner && subname === "shardgres") {
    throw refuse("SG073", renameType === "OBJECT_ROLE" ? "role shardgres" : "schema shardgres");
  }
  if (relation === undefined || !isTemporary(input, relation)) return allShards();
  const isWhole = ["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_SEQUENCE"].includes(renameType ?? "");
  if (!isWhole) return onTemporary(input);
  return { ...onTemporary(input), createsTemporary: newname, dropsTemporary: [relation.relname ?? ""] };
}

/** Whether a name in it is that of a temporary table; COMMENT and SECURITY LABEL give names as lists of strings. */
function mentionsTemporary(input: PlanInput, tree: Node): boolean {
  let found = false;
  walk(tree, (type, node) => {
    if (type === "RangeVar" && isTemporary(input, node)) found = true;
    return undefined;
  });
  const labelled = "CommentStmt" in tree ? tree.CommentStmt : "SecLabelStmt" in tree ? tree.SecLabelStmt : undefined;
  const names = namesOf(nodeOf(labelled?.object, "List")?.items);
  const isColumn = labelled?.objtype === "OBJECT_COLUMN";
  const isNamed = isColumn || labelled?.objtype === "OBJECT_TABLE" || labelled?.objtype === "OBJECT_VIEW";
  return found || (isNamed && isTemporary(input, rangeVarOfNames(isColumn ? names.slice(0, -1) : names)));
}
