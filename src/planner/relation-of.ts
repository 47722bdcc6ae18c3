// What a name in a statement means to the session: temporary tables first, then the catalog along the search path, then
// what the gateway answers itself.
import type { RangeVar } from "@pgsql/types";
import { findRelation, type Relation } from "../catalog/snapshot.ts";
import type { PlanInput } from "./plan-input.ts";

export type Named =
  | { readonly kind: "relation"; readonly relation: Relation }
  | { readonly kind: "temporary" }
  /** In pg_catalog or information_schema. */
  | { readonly kind: "system" }
  | { readonly kind: "gateway" }
  /** PostgreSQL will say that it does not exist. */
  | { readonly kind: "unknown" };

export function relationOf(input: PlanInput, name: RangeVar): Named {
  const { schemaname, relname = "" } = name;
  const isTemporary = input.temporaryTables.has(relname);
  if (isTemporary && (schemaname === undefined || schemaname.startsWith("pg_temp"))) return { kind: "temporary" };
  if (schemaname?.startsWith("pg_temp")) return { kind: "unknown" };
  const found = findRelation(input.catalog, input.searchPath, schemaname, relname);
  if (found === "system") return { kind: "system" };
  if (found !== undefined) return { kind: "relation", relation: found };
  const full = schemaname === undefined ? relname : `${schemaname}.${relname}`;
  return { kind: input.gatewayRelations.has(full) ? "gateway" : "unknown" };
}

/** The relation of the catalog; undefined for everything else. */
export function catalogRelation(input: PlanInput, name: RangeVar | undefined): Relation | undefined {
  if (name === undefined) return undefined;
  const named = relationOf(input, name);
  return named.kind === "relation" ? named.relation : undefined;
}

/** The relation when it is distributed or a reference table. */
export function shardedRelation(input: PlanInput, name: RangeVar | undefined): Relation | undefined {
  const relation = catalogRelation(input, name);
  return relation === undefined || relation.distribution.kind === "unsharded" ? undefined : relation;
}

/** A name given as a list of String nodes (DROP TABLE a.b, COMMENT ON TABLE ..). */
export function rangeVarOfNames(names: readonly string[]): RangeVar {
  const relname = names.at(-1) ?? "";
  const schemaname = names.at(-2);
  return schemaname === undefined ? { relname } : { schemaname, relname };
}
