// One statement below another, or the whole: which kind of level it is.
import type { Node } from "@pgsql/types";
import { typeOf } from "../../sql/walk.ts";
import { refuse } from "../refuse.ts";
import { analyzeSelect } from "./analyze-select.ts";
import { analyzeDelete, analyzeInsert, analyzeMerge, analyzeUpdate } from "./analyze-write.ts";
import type { Context } from "./context.ts";
import type { Level } from "./model.ts";
import type { Region } from "./region.ts";
import type { Scope } from "./scope.ts";

/** `region` becomes the region of the level: a new one, or that around it for what is pulled up. */
export function analyzeStatement(
  context: Context,
  node: Node,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  if ("SelectStmt" in node) return analyzeSelect(context, node.SelectStmt, outer, parent, region);
  if ("UpdateStmt" in node) return analyzeUpdate(context, node.UpdateStmt, outer, parent, region);
  if ("DeleteStmt" in node) return analyzeDelete(context, node.DeleteStmt, outer, parent, region);
  if ("InsertStmt" in node) return analyzeInsert(context, node.InsertStmt, outer, parent, region);
  if ("MergeStmt" in node) return analyzeMerge(context, node.MergeStmt, outer, parent, region);
  throw refuse("SG001", typeOf(node));
}
