// Plans by what they depend on. A plan that serves every text of one shape is kept under the shape, any other under its full
// text. Two generations: what is used moves to the young one; when that is full, it becomes the old one and the former old
// one is forgotten. So a look-up changes nothing as long as its plan is young, and nothing grows without end.
import type { Normalized } from "../sql/normalize.ts";
import type { Plan } from "./plan.ts";

export interface PlanCache {
  /** `scope`: everything but the text that the plan depends on, as one string. */
  get(scope: string, text: string, normalized: Normalized | undefined): Plan | undefined;
  set(scope: string, text: string, normalized: Normalized | undefined, plan: Plan): void;
}

export interface PlanCacheLimits {
  /** Plans held, at most. */
  readonly plansMax?: number;
  /** Characters of all texts held, at most. */
  readonly textLengthMax?: number;
}

interface Generation {
  readonly scopes: Map<string, Scope>;
  plans: number;
  textLength: number;
}

interface Scope {
  readonly byShape: Map<string, Plan>;
  readonly byText: Map<string, Plan>;
}

export function createPlanCache({ plansMax = 10_000, textLengthMax = 16_000_000 }: PlanCacheLimits = {}): PlanCache {
  let young = newGeneration();
  let old = newGeneration();

  const add = (scope: string, key: string, plan: Plan, isShape: boolean): void => {
    // Too long to be worth a place: it would drive many others out.
    if (key.length > textLengthMax / 100) return;
    if (young.plans >= plansMax / 2 || young.textLength + key.length > textLengthMax / 2) {
      old = young;
      young = newGeneration();
    }
    let plans = young.scopes.get(scope);
    if (plans === undefined) {
      plans = { byShape: new Map(), byText: new Map() };
      young.scopes.set(scope, plans);
    }
    const map = isShape ? plans.byShape : plans.byText;
    if (!map.has(key)) {
      young.plans++;
      young.textLength += key.length;
    }
    map.set(key, plan);
  };

  return {
    get(scope, text, normalized) {
      const recent = find(young, scope, text, normalized);
      if (recent !== undefined) return recent;
      const older = find(old, scope, text, normalized);
      if (older !== undefined) this.set(scope, text, normalized, older);
      return older;
    },
    set(scope, text, normalized, plan) {
      if (!isWorthKeeping(plan)) return;
      const isShape = normalized !== undefined && servesAnyLiterals(plan);
      add(scope, isShape ? normalized.key : text, plan, isShape);
    },
  };
}

function newGeneration(): Generation {
  return { scopes: new Map(), plans: 0, textLength: 0 };
}

function find(
  generation: Generation,
  scope: string,
  text: string,
  normalized: Normalized | undefined,
): Plan | undefined {
  const plans = generation.scopes.get(scope);
  if (plans === undefined) return undefined;
  const byShape = normalized === undefined ? undefined : plans.byShape.get(normalized.key);
  return byShape ?? plans.byText.get(text);
}

function servesAnyLiterals(plan: Plan): boolean {
  return plan.kind === "single-shard" && plan.anyLiterals;
}

/** Plans that change what plans depend on, that hold a password, or a name that comes once. */
function isWorthKeeping(plan: Plan): boolean {
  if (plan.kind === "transaction") return !("gid" in plan);
  return plan.kind !== "all-shards" && plan.kind !== "distribute" && plan.kind !== "script";
}
