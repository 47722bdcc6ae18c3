// Constraints as the tree has them, given to the catalog's rules about what every shard can check with its own rows.
import type { Constraint } from "@pgsql/types";
import { checkForeignKey, type ForeignKeyAction } from "../../catalog/foreign-key-rules.ts";
import type { Relation } from "../../catalog/snapshot.ts";
import { constraintNeedsShardKey } from "../../catalog/table-ddl-rules.ts";
import { nodeOf } from "../../sql/walk.ts";
import { namesOf } from "../definition.ts";
import type { PlanInput } from "../plan-input.ts";
import { catalogRelation } from "../relation-of.ts";

/** `table`: as it is, or as it will be. `column`: of a constraint that stands at a column. Throws the rules' refusals. */
export function checkConstraint(input: PlanInput, table: Relation, constraint: Constraint, column?: string): void {
  switch (constraint.contype) {
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE": {
      // An index that exists has been checked when it was made.
      if (constraint.indexname !== undefined) return;
      const keys = column === undefined ? namesOf(constraint.keys) : [column];
      const what = constraint.contype === "CONSTR_PRIMARY" ? "the primary key" : "a unique constraint";
      checkUnique(table, constraint.without_overlaps ? keys.slice(0, -1) : keys, what);
      return;
    }
    case "CONSTR_EXCLUSION":
      checkUnique(table, equalColumns(constraint), "an exclusion constraint");
      return;
    case "CONSTR_FOREIGN":
      checkReference(input, table, constraint, column === undefined ? namesOf(constraint.fk_attrs) : [column]);
  }
}

/** `columns`: those whose equality the constraint or index needs. */
export function checkUnique(table: Relation, columns: readonly string[], what: string): void {
  const refused = constraintNeedsShardKey(table, columns, what);
  if (refused !== undefined) throw refused;
}

/** Columns that an exclusion constraint compares with `=`. */
function equalColumns(constraint: Constraint): string[] {
  return (constraint.exclusions ?? []).flatMap((exclusion) => {
    const [element, operator] = nodeOf(exclusion, "List")?.items ?? [];
    const name = nodeOf(element, "IndexElem")?.name;
    const isEquality = namesOf(nodeOf(operator, "List")?.items).at(-1) === "=";
    return name !== undefined && isEquality ? [name] : [];
  });
}

function checkReference(input: PlanInput, table: Relation, constraint: Constraint, columns: readonly string[]): void {
  const { pktable, pk_attrs, fk_del_action, fk_upd_action, fk_del_set_cols } = constraint;
  const found = catalogRelation(input, pktable);
  // A table may refer to itself before it is there; PostgreSQL says so if it is another that is missing.
  const target = found ?? (pktable?.relname === table.name ? table : undefined);
  if (target === undefined) return;
  const refused = checkForeignKey(
    table,
    columns,
    target,
    pk_attrs === undefined ? (target.primaryKey ?? []) : namesOf(pk_attrs),
    {
      onDelete: actions[fk_del_action ?? "a"] ?? "no action",
      onUpdate: actions[fk_upd_action ?? "a"] ?? "no action",
      ...(fk_del_set_cols === undefined ? {} : { onDeleteColumns: namesOf(fk_del_set_cols) }),
    },
    constraint.conname,
    isEmpty(table),
  );
  if (refused !== undefined) throw refused;
}

/** Whether the table is certain to have no rows: one that CREATE TABLE makes, or that gets none as things are. */
function isEmpty({ oid, pendingKey }: Relation): boolean {
  return oid === 0 || pendingKey !== undefined;
}

/** FKCONSTR_ACTION_* of parsenodes.h. */
const actions: { readonly [code: string]: ForeignKeyAction } = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};
