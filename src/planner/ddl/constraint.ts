// Constraints that one shard can check with its own rows: unique ones that contain the shard key, and foreign keys whose
// rows are surely on the same shard.
import type { Constraint, RangeVar } from "@pgsql/types";
import type { Distribution, Relation } from "../../catalog/snapshot.ts";
import { nodeOf } from "../../sql/walk.ts";
import { namesOf } from "../definition.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation } from "../relation-of.ts";

/** The table that the constraint is on: `relation` undefined for one that is being made. */
export interface Constrained {
  readonly name: string;
  readonly relation: Relation | undefined;
  /** Of a new partition: its parent's. */
  readonly distribution: Distribution;
}

/** `column`: of a constraint that stands at a column. Throws SG066 and SG067. */
export function checkConstraint(input: PlanInput, table: Constrained, constraint: Constraint, column?: string): void {
  switch (constraint.contype) {
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE": {
      // An index that exists has been checked when it was made.
      if (constraint.indexname !== undefined) return;
      const keys = column === undefined ? namesOf(constraint.keys) : [column];
      checkUnique(table, constraint.without_overlaps ? keys.slice(0, -1) : keys);
      return;
    }
    case "CONSTR_EXCLUSION":
      checkUnique(table, equalColumns(constraint));
      return;
    case "CONSTR_FOREIGN":
      checkForeignKey(input, table, constraint, column === undefined ? namesOf(constraint.fk_attrs) : [column]);
  }
}

/** `columns`: those whose equality the constraint or index needs. */
export function checkUnique(table: Constrained, columns: readonly string[]): void {
  const { distribution } = table;
  if (distribution.kind !== "distributed") return;
  const missing = distribution.shardKey.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw refuse("SG066", `"${table.name}" has the shard key (${distribution.shardKey.join(", ")})`);
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

function checkForeignKey(
  input: PlanInput,
  table: Constrained,
  constraint: Constraint,
  columns: readonly string[],
): void {
  const target = constraint.pktable;
  const isItself = target?.relname === table.name && table.relation === undefined;
  const referenced = isItself ? undefined : catalogRelation(input, target);
  const from = table.distribution;
  const to: Distribution = isItself ? from : (referenced?.distribution ?? { kind: "unsharded" });
  if (from.kind === "unsharded" && to.kind !== "distributed") return;
  if (from.kind !== "unsharded" && to.kind === "reference") return;
  const pair = `from "${table.name}" (${from.kind}) to "${nameOf(target)}" (${to.kind})`;
  if (from.kind === "unsharded") {
    throw refuse("SG067", `${pair}; distribute "${table.name}" first, then ALTER TABLE .. ADD FOREIGN KEY`);
  }
  if (from.kind !== "distributed" || to.kind !== "distributed") throw refuse("SG067", pair);
  if (from.colocationGroup !== to.colocationGroup) throw refuse("SG067", `${pair}: they are not colocated`);
  const toColumns = constraint.pk_attrs === undefined ? (referenced?.primaryKey ?? []) : namesOf(constraint.pk_attrs);
  const isMatched = from.shardKey.every((name, index) => {
    const place = columns.indexOf(name);
    return place >= 0 && toColumns[place] === to.shardKey[index];
  });
  if (!isMatched) throw refuse("SG067", `${pair}: it must pair their shard keys`);
}

function nameOf(name: RangeVar | undefined): string {
  return name?.relname ?? "";
}
