// Which sharded tables a part of a statement touches: by name, through views, or inside of functions that it calls. Names of
// common table expressions are not told apart from tables, so it may find too many, never too few.
import type { FuncCall, Node, RangeVar } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { parse } from "../sql/parse.ts";
import { walk } from "../sql/walk.ts";
import { namesOf } from "./definition.ts";
import type { PlanInput } from "./plan-input.ts";
import { catalogRelation } from "./relation-of.ts";
import { isSharded, mentionsOfFunction } from "./touched-by-function.ts";

export interface Reads {
  readonly distributed: readonly Relation[];
  readonly reference: readonly Relation[];
  /** Unsharded tables, system catalogs, temporary tables, names not found; also names of common table expressions. */
  readonly others: boolean;
  /** Functions that touch distributed or reference tables, or may. */
  readonly functions: readonly string[];
}

export function readsOf(input: PlanInput, nodes: Node | readonly Node[]): Reads {
  const distributed = new Set<Relation>();
  const reference = new Set<Relation>();
  const functions = new Set<string>();
  const views = new Set<Relation>();
  let others = false;

  const readRelation = (relation: Relation | undefined): void => {
    if (relation === undefined) {
      others = true;
    } else if (relation.distribution.kind === "distributed") {
      distributed.add(relation);
    } else if (relation.distribution.kind === "reference") {
      reference.add(relation);
    } else if (relation.kind !== "view" || relation.definition === undefined) {
      others = true;
    } else if (!views.has(relation)) {
      views.add(relation);
      for (const { tree } of parse(relation.definition)) readNodes(tree);
    }
  };
  const readNodes = (below: Node | readonly Node[]): void =>
    walk(below, (type, node) => {
      if (type === "RangeVar") readRelation(catalogRelation(input, node as RangeVar));
      if (type === "FuncCall") {
        const name = namesOf((node as FuncCall).funcname).at(-1) ?? "";
        const { relations, dynamicSql, opaque } = mentionsOfFunction(input.catalog, name);
        const isUnseen = (dynamicSql || opaque !== undefined) && input.catalog.hasShardedTables;
        if (isUnseen || [...relations].some(isSharded)) functions.add(name);
        else if (relations.size > 0) others = true;
      }
      return undefined;
    });
  readNodes(nodes);
  return { distributed: [...distributed], reference: [...reference], others, functions: [...functions] };
}

/** Whether nothing outside of the shard that runs it can change its result, and nothing outside is written. */
export function isShardLocal(reads: Reads): boolean {
  return reads.distributed.length === 0 && reads.functions.length === 0 && !reads.others;
}
