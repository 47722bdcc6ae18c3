// INSERT: to the home shard, to all shards (reference tables), or every row to the shard of its key.
import type { InsertStmt, Node, SelectStmt } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { nodeOf } from "../sql/walk.ts";
import { checkTriggers } from "./check-triggers.ts";
import { homePlan } from "./home-plan.ts";
import { colocatedInsert } from "./insert-colocated.ts";
import { checkConflict } from "./insert-conflict.ts";
import { planInsertReference } from "./insert-reference.ts";
import { insertIntoTemporary, insertRows, insertSelected } from "./insert-select.ts";
import { checkInsertShape } from "./insert-shape.ts";
import type { Distributed } from "./insert-target.ts";
import { routeRows } from "./insert-values.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { isShardLocal, readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";
import { relationOf } from "./relation-of.ts";

export function planInsert(input: PlanInput, statement: InsertStmt): Plan {
  const named = relationOf(input, statement.relation ?? {});
  if (named.kind === "temporary") return insertTemporary(input, statement);
  if (named.kind !== "relation") return insertHome(input, statement, undefined);
  const { relation } = named;
  if (relation.kind === "view") checkView(input, relation);
  checkTriggers(input, relation);
  const { distribution } = relation;
  if (distribution.kind === "unsharded") return insertHome(input, statement, relation);
  checkInsertShape(input, statement, relation, valuesRows(statement));
  checkConflict(input, statement, relation);
  checkTail(input, statement);
  if (distribution.kind === "reference") return planInsertReference(input, statement, relation, valuesRows(statement));
  return insertDistributed(input, statement, relation, distribution);
}

function insertDistributed(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  distribution: Distributed,
): Plan {
  refuseWrites(statement);
  const rows = valuesRows(statement);
  if (rows === undefined) {
    return (
      colocatedInsert(input, statement, relation, distribution) ??
      insertSelected(input, statement, relation, { kind: "distributed", distribution })
    );
  }
  const routed = input.ignoreKeys ? undefined : routeRows(input, statement, relation, distribution, rows);
  return routed ?? insertRows(input, statement, relation, { kind: "distributed", distribution }, rows);
}

function insertTemporary(input: PlanInput, statement: InsertStmt): Plan {
  const { distributed, functions } = readsOf(input, { InsertStmt: statement });
  if (functions[0] !== undefined) throw refuse("SG063", `${functions[0]}() touches sharded tables`);
  if (distributed.length === 0) return { ...homePlan(input), reserve: "temporary table" };
  refuseWrites(statement);
  checkTail(input, statement);
  return insertIntoTemporary(input, statement);
}

/** `relation` undefined: a name that PostgreSQL will not find. */
function insertHome(input: PlanInput, statement: InsertStmt, relation: Relation | undefined): Plan {
  const reads = readsOf(input, { InsertStmt: statement });
  const [unseen] = reads.functions;
  if (unseen !== undefined) throw refuse("SG063", `${unseen}() touches sharded tables`);
  if (reads.distributed.length === 0) return homePlan(input);
  refuseWrites(statement);
  checkTail(input, statement);
  if (relation === undefined) return homePlan(input);
  const rows = valuesRows(statement);
  checkInsertShape(input, statement, relation, rows);
  if (rows !== undefined) return insertRows(input, statement, relation, { kind: "home" }, rows);
  return insertSelected(input, statement, relation, { kind: "home" });
}

/** The expressions of each row of a plain VALUES (one empty row for DEFAULT VALUES); undefined: the source is a query. */
function valuesRows(statement: InsertStmt): readonly (readonly Node[])[] | undefined {
  if (statement.selectStmt === undefined) return [[]];
  const select = nodeOf(statement.selectStmt, "SelectStmt");
  if (select?.valuesLists === undefined || !isPlain(select)) return undefined;
  return select.valuesLists.map((list) => nodeOf(list, "List")?.items ?? []);
}

function isPlain(values: SelectStmt): boolean {
  const { sortClause, limitCount, limitOffset, withClause, lockingClause } = values;
  return [sortClause, limitCount, limitOffset, withClause, lockingClause].every((clause) => clause === undefined);
}

function checkView(input: PlanInput, view: Relation): void {
  const { distributed, reference } = readsOf(input, { RangeVar: { schemaname: view.schema, relname: view.name } });
  if (distributed.length + reference.length > 0) throw refuse("SG053", view.name);
}

/** ON CONFLICT and RETURNING run on every shard that gets rows. */
function checkTail(input: PlanInput, statement: InsertStmt): void {
  const { onConflictClause, returningClause } = statement;
  const parts: Node[] = [
    ...(onConflictClause === undefined ? [] : [{ OnConflictClause: onConflictClause }]),
    ...(returningClause?.exprs ?? []),
  ];
  if (!isShardLocal(readsOf(input, parts))) {
    throw refuse("SG052", "ON CONFLICT or RETURNING reads tables that are not reference tables");
  }
}

/** Common table expressions that write. */
function refuseWrites(statement: InsertStmt): void {
  for (const node of statement.withClause?.ctes ?? []) {
    const query = nodeOf(node, "CommonTableExpr")?.ctequery;
    if (query !== undefined && nodeOf(query, "SelectStmt") === undefined) throw refuse("SG054");
  }
}
