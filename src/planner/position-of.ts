// Where in the client's text an error is, as PostgreSQL says it.
import type { Node } from "@pgsql/types";
import { byteOffsets } from "../sql/byte-offsets.ts";
import { walk } from "../sql/walk.ts";

/** Of a byte offset of the parser: characters from 1. undefined where the parser knows none. */
export function positionOf(text: string, location: number | undefined): number | undefined {
  if (location === undefined || location < 0) return undefined;
  const before = text.slice(0, byteOffsets(text).toUtf16(location));
  return [...before].length + 1;
}

/** The offset where an expression begins, parentheses around it aside (`exprLocation` of nodeFuncs.c). */
export function startOf(expression: Node | undefined): number | undefined {
  let first: number | undefined;
  walk(expression ?? [], (_, node) => {
    const { location } = node as { readonly location?: number };
    if (location !== undefined && location >= 0 && location < (first ?? Number.POSITIVE_INFINITY)) first = location;
    return undefined;
  });
  return first;
}
