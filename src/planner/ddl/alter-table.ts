// ALTER TABLE: refused is what would move rows of a sharded table, or ask one shard for what only all shards know.
import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node } from "@pgsql/types";
import { refusePendingWrite } from "../../catalog/foreign-key-rules.ts";
import type { Relation } from "../../catalog/snapshot.ts";
import { columnIsShardKey } from "../../catalog/table-ddl-rules.ts";
import { nodeOf } from "../../sql/walk.ts";
import { lastName } from "../definition.ts";
import { findUndetermined } from "../deterministic.ts";
import { functionDemands } from "../functions.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { isShardLocal, readsOf } from "../reads.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation, shardedRelation } from "../relation-of.ts";
import { isSharded } from "../touched-by-function.ts";
import { allShards } from "./all-shards.ts";
import { checkConstraint } from "./constraint.ts";
import { isTemporary, onTemporary } from "./temporary.ts";

export function planAlterTable(input: PlanInput, statement: AlterTableStmt): Plan {
  if (isTemporary(input, statement.relation)) return onTemporary(input);
  const relation = catalogRelation(input, statement.relation);
  const commands = (statement.cmds ?? []).flatMap((node) => nodeOf(node, "AlterTableCmd") ?? []);
  if (relation !== undefined) for (const command of commands) checkCommand(input, relation, command);
  const isConcurrent = commands.some((command) => nodeOf(command.def, "PartitionCmd")?.concurrent);
  return allShards({ transactional: !isConcurrent });
}

function checkCommand(input: PlanInput, relation: Relation, command: AlterTableCmd): void {
  const constraint = nodeOf(command.def, "Constraint");
  if (command.subtype === "AT_AddConstraint" && constraint !== undefined) {
    checkConstraint(input, relation, constraint);
    return;
  }
  checkFamily(input, relation, command);
  const column = nodeOf(command.def, "ColumnDef");
  if (command.subtype === "AT_AddColumn" && column !== undefined) {
    for (const own of constraintsOf(column)) {
      checkConstraint(input, relation, own, column.colname);
    }
    if (isSharded(relation)) checkNewColumn(input, relation, column);
    return;
  }
  if (isSharded(relation)) checkColumnChange(input, relation, command);
}

/** Partitions and inheritance. */
function checkFamily(input: PlanInput, relation: Relation, command: AlterTableCmd): void {
  const partition = nodeOf(command.def, "PartitionCmd");
  const other = partition?.name ?? nodeOf(command.def, "RangeVar");
  switch (command.subtype) {
    case "AT_AttachPartition":
    case "AT_DetachPartition":
    case "AT_AddInherit":
    case "AT_DropInherit": {
      const sharded = isSharded(relation) ? relation : shardedRelation(input, other);
      if (sharded !== undefined && partition?.bound !== undefined)
        throw refuse("SG070", `ATTACH PARTITION of "${sharded.name}"`);
      // It may bring rows.
      if (relation.pendingKey !== undefined && command.subtype === "AT_AttachPartition")
        throw refusePendingWrite(relation.pendingKey);
      if (sharded !== undefined) throw refuse("SG070", `"${sharded.name}" would get or lose a parent`);
    }
  }
}

function checkNewColumn(input: PlanInput, relation: Relation, column: ColumnDef): void {
  const name = column.colname ?? "";
  const type = lastName(column.typeName?.names);
  if (/^(small|big)?serial[248]?$/.test(type)) throw refuse("SG069", `"${name}" of type ${type}`);
  for (const constraint of constraintsOf(column)) {
    if (constraint.contype === "CONSTR_IDENTITY") throw refuse("SG069", `identity column "${name}"`);
    if (constraint.contype !== "CONSTR_DEFAULT" || constraint.raw_expr === undefined) continue;
    checkDefault(input, relation, name, constraint.raw_expr);
    const undetermined =
      relation.distribution.kind === "reference" ? findUndetermined(input, constraint.raw_expr) : undefined;
    if (undetermined !== undefined) throw refuse("SG069", `the default of "${name}" has ${undetermined}`);
  }
}

function checkColumnChange(input: PlanInput, relation: Relation, command: AlterTableCmd): void {
  const { distribution } = relation;
  const name = command.name ?? "";
  const refusedKey = columnIsShardKey(relation, name);
  switch (command.subtype) {
    case "AT_DropColumn":
    case "AT_AlterColumnType":
    case "AT_DropNotNull":
    case "AT_SetExpression":
      if (refusedKey !== undefined) throw refusedKey;
      checkConversion(input, relation, name, nodeOf(command.def, "ColumnDef")?.raw_default);
      return;
    case "AT_AddIdentity":
      throw refuse("SG069", `identity column "${name}"`);
    case "AT_SetIdentity":
      if (distribution.kind === "distributed") throw refuse("SG069", `the sequence of identity column "${name}"`);
      return;
    case "AT_ColumnDefault":
      if (command.def !== undefined && distribution.kind === "distributed")
        checkDefault(input, relation, name, command.def);
      return;
  }
}

/** ALTER COLUMN TYPE .. USING. */
function checkConversion(input: PlanInput, relation: Relation, name: string, using: Node | undefined): void {
  if (using === undefined) return;
  const undetermined = relation.distribution.kind === "reference" ? findUndetermined(input, using) : undefined;
  if (undetermined !== undefined || !isShardLocal(readsOf(input, using))) {
    throw refuse("SG069", `the new values of "${name}" would differ from shard to shard`);
  }
}

/** A default that every shard computes by itself. */
function checkDefault(input: PlanInput, relation: Relation, name: string, expression: Node): void {
  const [sequence] = functionDemands(expression, true).home;
  if (sequence !== undefined)
    throw refuse("SG069", `the default of "${name}" of "${relation.name}" calls ${sequence}()`);
  if (!isShardLocal(readsOf(input, expression))) throw refuse("SG069", `the default of "${name}" reads tables`);
}

function constraintsOf(column: ColumnDef): Constraint[] {
  return (column.constraints ?? []).flatMap((node) => nodeOf(node, "Constraint") ?? []);
}
