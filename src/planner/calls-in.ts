// The function calls of a tree, found once per tree: several rules ask for them, and trees are never changed.
import type { FuncCall, Node } from "@pgsql/types";
import { walk } from "../sql/walk.ts";

/** By what is inside of the node, for the node around it may be made anew. */
const known = new WeakMap<object, readonly FuncCall[]>();

/** All calls in it, in the order of the text. */
export function callsIn(tree: Node): readonly FuncCall[] {
  const inside = Object.values(tree)[0] as object;
  let calls = known.get(inside);
  if (calls === undefined) {
    const found: FuncCall[] = [];
    walk(tree, (type, node) => {
      if (type === "FuncCall") found.push(node as FuncCall);
      return undefined;
    });
    calls = found;
    known.set(inside, calls);
  }
  return calls;
}
