// One random query on both servers: as text, with its literals as parameters, or in binary.
import type { Random } from "../../support/random.ts";
import { compareAnswers } from "../compare-answers.ts";
import type { SessionPair } from "../session-pair.ts";
import { type Piece, render, shrink } from "./piece.ts";
import type { RandomQuery } from "./queries.ts";

export type Way = "text" | "parameters" | "binary";

export const ways: readonly Way[] = ["text", "text", "parameters", "binary"];

export interface Finding {
  readonly sql: string;
  readonly way: Way;
  readonly differences: readonly string[];
}

/** undefined: no divergence. */
export async function checkQuery(sessions: SessionPair, query: RandomQuery, way: Way): Promise<Finding | undefined> {
  const ask = (piece: Piece) => differencesOf(sessions, piece, query.sortedBy, way);
  const differences = await ask(query.piece);
  if (differences.length === 0) return undefined;
  const smallest = await shrink(query.piece, async (piece) => (await ask(piece)).length > 0);
  const { sql, parameters } = render(smallest, way === "parameters");
  const shown = parameters.length === 0 ? sql : `${sql}  -- ${JSON.stringify(parameters)}`;
  return { sql: shown, way, differences: await ask(smallest) };
}

async function differencesOf(sessions: SessionPair, piece: Piece, sortedBy: number, way: Way): Promise<string[]> {
  const { sql, parameters } = render(piece, way === "parameters");
  const [expected, got] = await sessions.ask(sql, way === "text" ? undefined : parameters, way === "binary");
  const isSorted = sortedBy > 0 && / ORDER BY [^()]*$/.test(sql);
  return compareAnswers(expected, got, {
    ordered: () => (isSorted ? { leading: sortedBy } : false),
    // Where PostgreSQL's planner evaluates what first is up to it.
    mayDiffer: ["position", "where"],
  });
}

export function pickWay(random: Random): Way {
  return random.pick(ways);
}
