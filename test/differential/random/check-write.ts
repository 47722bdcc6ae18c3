// One random write on both servers, in a transaction that is rolled back or alone; then the written tables are compared.
import type { Answer } from "../answer.ts";
import { compareAnswers } from "../compare-answers.ts";
import type { SessionPair } from "../session-pair.ts";
import type { Finding, Way } from "./check-query.ts";
import { type Piece, render, shrink } from "./piece.ts";
import type { RandomWrite } from "./writes.ts";

export interface WriteVerdict {
  /** Code of the gateway's refusal. */
  readonly refused: string | undefined;
  /** undefined: no divergence. */
  readonly finding: Finding | undefined;
  /** Whether the tables may differ now. */
  readonly isSpoilt: boolean;
}

/** `isAlone`: outside of a transaction block, and it stays. */
export async function checkWrite(
  sessions: SessionPair,
  write: RandomWrite,
  way: Way,
  isAlone: boolean,
): Promise<WriteVerdict> {
  const tried = await tryOut(sessions, write, write.piece, way);
  if (tried.refused !== undefined) return { refused: tried.refused, finding: undefined, isSpoilt: false };
  if (tried.differences.length > 0) {
    const fails = async (piece: Piece) => (await tryOut(sessions, write, piece, way)).differences.length > 0;
    const smallest = await shrink(write.piece, fails);
    const { differences } = await tryOut(sessions, write, smallest, way);
    return { refused: undefined, finding: found(smallest, way, differences), isSpoilt: false };
  }
  if (!isAlone) return { refused: undefined, finding: undefined, isSpoilt: false };
  const differences = [...(await run(sessions, write.piece, way)).differences, ...(await tables(sessions, write))];
  if (differences.length === 0) return { refused: undefined, finding: undefined, isSpoilt: false };
  return {
    refused: undefined,
    finding: found(write.piece, way, ["outside of a transaction block", ...differences]),
    isSpoilt: true,
  };
}

function found(piece: Piece, way: Way, differences: readonly string[]): Finding {
  const { sql, parameters } = render(piece, way === "parameters");
  return { sql: parameters.length === 0 ? sql : `${sql}  -- ${JSON.stringify(parameters)}`, way, differences };
}

interface Trial {
  readonly differences: readonly string[];
  readonly refused: string | undefined;
}

async function tryOut(sessions: SessionPair, write: RandomWrite, piece: Piece, way: Way): Promise<Trial> {
  await both(sessions, "BEGIN");
  const trial = await run(sessions, piece, way);
  const isOver = trial.refused !== undefined || trial.hasFailed || trial.differences.length > 0;
  const differences = isOver ? trial.differences : await tables(sessions, write);
  await both(sessions, "ROLLBACK");
  return { differences, refused: trial.refused };
}

async function run(sessions: SessionPair, piece: Piece, way: Way): Promise<Trial & { readonly hasFailed: boolean }> {
  const { sql, parameters } = render(piece, way === "parameters");
  const [expected, got] = await sessions.ask(sql, way === "text" ? undefined : parameters, way === "binary");
  const [wanted, error] = [errorOf(expected), errorOf(got)];
  const refused = /\[(SG\d+)\]/.exec(error ?? "")?.[1];
  // Of several rows that cannot be written, any may be the first.
  const bothFailed = wanted !== undefined && error !== undefined;
  const differences =
    bothFailed || refused !== undefined ? [] : compareAnswers(expected, got, { ordered: () => false, mayDiffer: [] });
  return { differences, refused, hasFailed: bothFailed };
}

function errorOf({ results }: Answer): string | undefined {
  return results.find(({ error }) => error !== undefined)?.error?.message;
}

async function both(sessions: SessionPair, sql: string): Promise<void> {
  await sessions.ask(sql, undefined, false);
}

async function tables(sessions: SessionPair, write: RandomWrite): Promise<string[]> {
  const differences: string[] = [];
  for (const name of write.tables) {
    const { differences: found } = await sessions.compareRows(`SELECT * FROM ${name}`);
    differences.push(...found.map((each) => `${name}: ${each}`));
  }
  return differences;
}
