// A region is a part of the query whose rows stand or fall together: the inner-joined part of one query level, or the
// nullable side of an outer join, or a subquery. A fact of a region says: combinations of rows for which it does not hold
// do not matter to the answer. Facts of a region therefore hold in the regions below it too (a row on the nullable side
// matters only if it is joined to a row that matters), but not the other way round: a row of the preserved side stays
// when nothing on the nullable side matches.
import type { Node } from "@pgsql/types";
import type { ValueSource } from "../plan.ts";
import type { Variable } from "./variable.ts";

/** The values a variable can have: one of a list, or one of the elements of an array parameter. */
export type KeyValues =
  | { readonly kind: "list"; readonly sources: readonly ValueSource[] }
  | { readonly kind: "array"; readonly parameter: number };

export type Fact =
  | { readonly kind: "equal"; readonly left: Variable; readonly right: Variable }
  | { readonly kind: "values"; readonly variable: Variable; readonly values: KeyValues }
  | { readonly kind: "not-null"; readonly variable: Variable };

/** "This output of the subquery is that variable inside": true for every row that comes out. */
export interface Link {
  readonly output: Variable;
  readonly inner: Variable;
  /**
   * Whether rows inside with another value may be left out before the subquery is evaluated: not under LIMIT, for
   * instance, where other rows would take their place.
   */
  readonly isDownwardSafe: boolean;
}

export interface Region {
  readonly parent: Region | undefined;
  readonly facts: Fact[];
  /** The conjuncts themselves, as far as they are learned from. */
  readonly conditions: Node[];
  readonly links: Link[];
  /** Regions (grouped subqueries, semi-joins) of which every row that matters here has a row: their facts hold here. */
  readonly implied: Region[];
}

export function newRegion(parent: Region | undefined): Region {
  return { parent, facts: [], conditions: [], links: [], implied: [] };
}

/** Whether `region` is `ancestor` or below it. */
export function isWithin(region: Region, ancestor: Region): boolean {
  for (let at: Region | undefined = region; at !== undefined; at = at.parent) if (at === ancestor) return true;
  return false;
}
