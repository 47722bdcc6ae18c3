// Whether every shard may evaluate an expression for its own rows: nothing in it depends on which shard that is.
import type { FuncCall, Node, SQLValueFunction } from "@pgsql/types";
import { walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Level } from "../analysis/model.ts";
import { isTimeOperation, steadinessOf } from "../analysis/steadiness.ts";
import { functionRule } from "../functions.ts";
import { tablesWithin } from "../query/levels-below.ts";
import { whyNotLocal } from "../query/local-subquery.ts";
import type { Gathering } from "./gathering.ts";

/** Subqueries in it may read reference tables only. */
export function isSameEverywhere({ input, home }: Gathering, level: Level, expression: Node): boolean {
  let isGood = true;
  walk(expression, (type, contents) => {
    switch (type) {
      case "FuncCall": {
        const name = functionName(contents as FuncCall);
        const isElsewhere = functionRule(contents as FuncCall) !== undefined || home.has(name);
        if (isElsewhere || steadinessOf(input.catalog, name) !== "steady") isGood = false;
        return undefined;
      }
      case "SQLValueFunction":
        if (isTimeOperation((contents as SQLValueFunction).op)) isGood = false;
        return undefined;
      case "SubLink": {
        const body = level.sublinks.find(({ node }) => node === contents)?.body;
        const isReference = body && [...tablesWithin(body)].every(({ residence }) => residence === "reference");
        if (!isReference || whyNotLocal(body, undefined) !== undefined) isGood = false;
        return "skip";
      }
      default:
        return undefined;
    }
  });
  return isGood;
}
