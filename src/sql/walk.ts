// Over a tree of libpg-query. A node is an object with one key, its type: { SelectStmt: {...} }. Where the grammar allows
// one type only, the inside stands without its type (InsertStmt.relation is the inside of a RangeVar); to a visitor it
// looks like any other node.
import type { Node } from "@pgsql/types";
import { typeOfField } from "./field-types.ts";

/** Names of all node types: "SelectStmt", "A_Const", ... */
export type NodeType = Node extends infer N ? (N extends N ? keyof N & string : never) : never;
/** What is inside of a node of this type. */
export type NodeOf<T extends NodeType> = Node extends infer N
  ? N extends Record<T, infer Inside>
    ? Inside
    : never
  : never;

/** "skip" leaves out what is below. */
export type Visit = (type: NodeType, inside: object) => "skip" | undefined;

type Fields = { readonly [field: string]: unknown };

/** The inside of `node` if it is of this type. */
export function nodeOf<T extends NodeType>(node: Node | undefined, type: T): NodeOf<T> | undefined {
  return node === undefined ? undefined : ((node as Fields)[type] as NodeOf<T> | undefined);
}

/** The type of a node: its only key. */
export function typeOf(node: Node): NodeType {
  for (const type in node) return type as NodeType;
  throw new TypeError("a node without a type");
}

/**
 * Visits `root` and every node below it, parents first, brothers in the order of the grammar's fields. A_Const is a leaf.
 * Needs no stack, so it takes trees of any depth.
 */
export function walk(root: Node | readonly Node[], visit: Visit): void {
  const types: (NodeType | undefined)[] = [undefined];
  const values: unknown[] = [root];
  while (values.length > 0) {
    const value = values.pop();
    let type = types.pop();
    if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index--) {
        types.push(type);
        values.push(value[index]);
      }
      continue;
    }
    let fields = value as Fields;
    const wrapped = wrappedType(fields);
    if (wrapped !== undefined) {
      type = wrapped;
      fields = fields[wrapped] as Fields;
    }
    if (type === undefined || visit(type, fields) === "skip" || type === "A_Const") continue;
    const from = values.length;
    for (const field in fields) {
      const below = fields[field];
      if (typeof below !== "object" || below === null) continue;
      types.push(typeOfField(type, field));
      values.push(below);
    }
    reverseFrom(values, from);
    reverseFrom(types, from);
  }
}

/** The type in `{ Type: ... }`; undefined for an inside that stands alone: field names begin with a small letter. */
export function wrappedType(value: object): NodeType | undefined {
  for (const key in value) {
    const code = key.charCodeAt(0);
    return code >= 65 && code <= 90 ? (key as NodeType) : undefined;
  }
  return undefined;
}

function reverseFrom(list: unknown[], from: number): void {
  for (let low = from, high = list.length - 1; low < high; low++, high--) {
    const value = list[low];
    list[low] = list[high];
    list[high] = value;
  }
}
