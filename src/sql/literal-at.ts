// From a constant in the tree to the literal in the text that it came from.
import { type ByteOffsets, byteOffsets } from "./byte-offsets.ts";
import type { Normalized } from "./normalize.ts";
import { skipSpace } from "./skip-space.ts";

const MINUS = 45;
const OPEN = 40;

/** Which literal a constant is. */
export interface LiteralPlace {
  /** Index in `normalized.literals`. */
  readonly slot: number;
  /** The constant's value is the literal's with a minus in front. */
  readonly negated: boolean;
}

const offsetsOf = new WeakMap<Normalized, ByteOffsets>();

/**
 * The literal of an A_Const whose `location` (a byte offset; missing means 0) is given, in the very text that was parsed.
 * The grammar folds `-5` and `- (5)` to one constant at the minus. undefined: none there (TRUE, NULL, or a text that is
 * not this one).
 */
export function literalAt(normalized: Normalized, byteOffset: number): LiteralPlace | undefined {
  if (byteOffset < 0) return undefined;
  let offsets = offsetsOf.get(normalized);
  if (offsets === undefined) {
    offsets = byteOffsets(normalized.text);
    offsetsOf.set(normalized, offsets);
  }
  const at = offsets.toUtf16(byteOffset);
  const slot = firstLiteralFrom(normalized, at);
  const start = normalized.literals[slot]?.start;
  if (start === undefined) return undefined;

  let negated = false;
  let position = at;
  while (position < start) {
    const code = normalized.text.charCodeAt(position);
    if (code === MINUS) negated = !negated;
    else if (code !== OPEN || position === at) return undefined;
    position = skipSpace(normalized.text, position + 1);
    if (position < 0) return undefined;
  }
  return position === start ? { slot, negated } : undefined;
}

/** Index of the first literal that starts at `at` or later. */
function firstLiteralFrom({ literals }: Normalized, at: number): number {
  let low = 0;
  let high = literals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (literals[middle]!.start < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
