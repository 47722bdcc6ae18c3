// A changed copy of a tree. What does not change is shared with the old tree; nothing is ever changed in place, because
// trees are cached and belong to several plans.
import type { Node } from "@pgsql/types";
import { assert } from "../base/assert.ts";
import { typeOfField } from "./field-types.ts";
import { stackDepthExceeded } from "./stack-depth.ts";
import { type NodeType, typeOf, wrappedType } from "./walk.ts";

/** What to put in the place of `node` (nothing below it is visited then); undefined: leave it and go on below. */
export type Replace = (node: Node) => Node | undefined;

type Fields = { readonly [field: string]: unknown };

/**
 * `root` with everything replaced that `replace` says, parents first. To change a node and what is below it, call `rewrite`
 * on the parts inside of `replace`. A node that stands without its type (see walk.ts) is given to `replace` with it, and
 * must be replaced by one of the same type. SqlError 54001 for trees that are too deep.
 */
export function rewrite(root: Node, replace: Replace): Node {
  try {
    return rewriteNode(root, replace);
  } catch (error) {
    throw error instanceof RangeError ? stackDepthExceeded(error) : error;
  }
}

/** As `rewrite`, but `root` itself is not given to `replace`. */
export function rewriteBelow(root: Node, replace: Replace): Node {
  return rewrite(root, (node) => (node === root ? undefined : replace(node)));
}

function rewriteNode(node: Node, replace: Replace): Node {
  const replaced = replace(node);
  if (replaced !== undefined) return replaced;
  const type = typeOf(node);
  const fields = (node as Fields)[type] as Fields;
  const changed = rewriteFields(type, fields, replace);
  return changed === fields ? node : ({ [type]: changed } as unknown as Node);
}

function rewriteFields(type: NodeType, fields: Fields, replace: Replace): Fields {
  if (type === "A_Const") return fields;
  let changed: { [field: string]: unknown } | undefined;
  for (const field in fields) {
    const value = fields[field];
    if (typeof value !== "object" || value === null) continue;
    const rewritten = rewriteValue(value, typeOfField(type, field), replace);
    if (rewritten === value) continue;
    changed ??= { ...fields };
    changed[field] = rewritten;
  }
  return changed ?? fields;
}

function rewriteValue(value: object, type: NodeType | undefined, replace: Replace): object {
  if (Array.isArray(value)) {
    let changed: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const rewritten = rewriteValue(value[index], type, replace);
      if (rewritten === value[index]) continue;
      changed ??= value.slice();
      changed[index] = rewritten;
    }
    return changed ?? value;
  }
  if (wrappedType(value) !== undefined) return rewriteNode(value as Node, replace);
  if (type === undefined) return value;
  const replaced = replace({ [type]: value } as unknown as Node);
  if (replaced === undefined) return rewriteFields(type, value as Fields, replace);
  assert(typeOf(replaced) === type, `a ${type} can only be replaced by another ${type}`);
  return (replaced as Fields)[type] as object;
}
