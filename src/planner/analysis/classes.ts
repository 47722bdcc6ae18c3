// What is equal to what, seen from one region: the facts of the region, of those around it, and of those that must have a
// row there, put together into equivalence classes.
import { type Fact, isWithin, type KeyValues, type Link, type Region } from "./region.ts";
import type { Variable } from "./variable.ts";

/**
 * "binding": which values can a variable have, if rows may be left out from the start.
 * "own": without what is only true of the rows that come out of the subqueries around the region.
 * "linked": as "own", but with what is true of the region's own outputs.
 */
export type View = "binding" | "own" | "linked";

export interface Classes {
  areEqual(left: Variable, right: Variable): boolean;
  /** Every restriction to values that is known of the variable. */
  valuesOf(variable: Variable): readonly KeyValues[];
  /** Whether a row of this region is there (not NULL-extended) whenever a row of the viewed region matters. */
  isPresent(region: Region): boolean;
}

export function classesOf(region: Region, view: View): Classes {
  const regions = new Set<Region>();
  const union = new UnionFind();
  const restrictions: { variable: Variable; values: KeyValues }[] = [];
  const waiting: Region[] = [];

  const include = (start: Region): void => {
    for (let at: Region | undefined = start; at !== undefined && !regions.has(at); at = at.parent) {
      regions.add(at);
      waiting.push(at);
    }
  };
  const learn = (fact: Fact): void => {
    switch (fact.kind) {
      case "equal":
        union.join(fact.left, fact.right);
        include(fact.left.region);
        include(fact.right.region);
        return;
      case "values":
        restrictions.push(fact);
        include(fact.variable.region);
        return;
      case "not-null":
        include(fact.variable.region);
    }
  };

  include(region);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const fact of next.facts) learn(fact);
    for (const link of next.links) if (isUsable(link, next, region, view)) union.join(link.output, link.inner);
    for (const implied of next.implied) include(implied);
  }
  return {
    areEqual: (left, right) => union.find(left) === union.find(right),
    valuesOf(variable) {
      const wanted = union.find(variable);
      return restrictions.filter((each) => union.find(each.variable) === wanted).map((each) => each.values);
    },
    isPresent: (each) => regions.has(each),
  };
}

function isUsable(link: Link, owner: Region, viewed: Region, view: View): boolean {
  if (!isWithin(viewed, owner)) return true;
  if (view === "binding") return link.isDownwardSafe;
  return view === "linked" && owner === viewed;
}

class UnionFind {
  readonly #parents = new Map<Variable, Variable>();

  find(variable: Variable): Variable {
    let root = variable;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    return root;
  }

  join(left: Variable, right: Variable): void {
    const from = this.find(left);
    const to = this.find(right);
    if (from !== to) this.#parents.set(from, to);
  }
}
