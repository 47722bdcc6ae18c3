// SQL that can be made smaller: text with marks where something may be left out or replaced by something simpler. What is
// left need not make sense: both servers then say so, which is no divergence.

export type Piece =
  | string
  | readonly Piece[]
  /** May be left out. */
  | { readonly kind: "optional"; readonly piece: Piece }
  /** Any may be left out, but for the first `least` that remain. */
  | { readonly kind: "list"; readonly items: readonly Piece[]; readonly separator: string; readonly least: number }
  /** `simpler` may stand in its place. */
  | { readonly kind: "choice"; readonly piece: Piece; readonly simpler: readonly Piece[] }
  /** A constant, which can also be given as a parameter. */
  | { readonly kind: "literal"; readonly sql: string; readonly value: string; readonly cast: string | undefined };

export interface RenderedSql {
  readonly sql: string;
  readonly parameters: readonly string[];
}

export function optional(piece: Piece): Piece {
  return { kind: "optional", piece };
}

export function list(items: readonly Piece[], separator: string, least = 1): Piece {
  return { kind: "list", items, separator, least };
}

export function choice(piece: Piece, ...simpler: readonly Piece[]): Piece {
  return { kind: "choice", piece, simpler };
}

/** `asParameters`: literals become $1, $2, ... */
export function render(piece: Piece, asParameters: boolean): RenderedSql {
  const parameters: string[] = [];
  const text = (each: Piece): string => {
    if (typeof each === "string") return each;
    if (isSequence(each)) return each.map(text).join("");
    switch (each.kind) {
      case "optional":
      case "choice":
        return text(each.piece);
      case "list":
        return each.items.map(text).join(each.separator);
      case "literal":
        if (!asParameters) return each.sql;
        parameters.push(each.value);
        return `$${parameters.length}${each.cast === undefined ? "" : `::${each.cast}`}`;
    }
  };
  return { sql: text(piece), parameters };
}

/** Everything that is one step smaller, large steps first. */
export function* smaller(piece: Piece): Generator<Piece> {
  if (typeof piece === "string") return;
  if (isSequence(piece)) {
    for (const [i, part] of piece.entries()) {
      for (const less of smaller(part)) yield piece.with(i, less);
    }
    return;
  }
  switch (piece.kind) {
    case "literal":
      return;
    case "optional":
      yield "";
      for (const less of smaller(piece.piece)) yield { ...piece, piece: less };
      return;
    case "choice":
      yield* piece.simpler;
      for (const less of smaller(piece.piece)) yield { ...piece, piece: less };
      return;
    case "list": {
      const { items, least } = piece;
      if (items.length >= 4 && least <= items.length / 2) {
        yield { ...piece, items: items.slice(0, items.length / 2) };
        yield { ...piece, items: items.slice(items.length / 2) };
      }
      if (items.length > least) {
        for (let i = 0; i < items.length; i++) yield { ...piece, items: items.toSpliced(i, 1) };
      }
      for (const [i, item] of items.entries()) {
        for (const less of smaller(item)) yield { ...piece, items: items.with(i, less) };
      }
    }
  }
}

/** The smallest that still fails, or the smallest found within `triesMax` tries. */
export async function shrink(piece: Piece, fails: (piece: Piece) => Promise<boolean>, triesMax = 300): Promise<Piece> {
  let smallest = piece;
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(smallest)) {
      if (++tries > triesMax) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function isSequence(piece: Piece): piece is readonly Piece[] {
  return Array.isArray(piece);
}
