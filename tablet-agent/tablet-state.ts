// What a tablet agent must not forget: written to its disk before anybody is told, and read again after a crash.
import { join } from "node:path";
import type { Pledge } from "../src/agent-api/pledge.ts";
import { AppError } from "../src/base/app-error.ts";
import { type Json, parseJson } from "../src/base/json.ts";
import { readIfThere } from "../src/base/read-if-there.ts";
import { writeDespiteFullDisk } from "../src/base/write-despite-full-disk.ts";

export interface TabletState {
  readonly pledge: Pledge;
  /** False while the data is being cloned or rewound: it may lack what the tablet once acknowledged. */
  readonly isWhole: boolean;
  /** The last term that this tablet itself has begun, with its record in the WAL, if it has followed nobody since. */
  readonly led: number | undefined;
}

/** Of a tablet that has no data yet, and has promised nothing. */
export const newTabletState: TabletState = {
  pledge: { term: 0, candidate: "" },
  isWhole: false,
  led: undefined,
};

export interface TabletStateFile {
  /** As it is on disk. */
  readonly state: TabletState;
  /**
   * Resolves when it is on disk, whatever happens to the machine afterwards. What depends on what is there, as a pledge, is said
   * as a function: it is asked when the changes before it are on disk.
   */
  write(change: StateChange): Promise<void>;
}

export type StateChange = Partial<TabletState> | ((now: TabletState) => Partial<TabletState>);

/**
 * Whom the topology names primary of a term, that term is pledged to, whoever it was before. Throws AppError "outdated" when a
 * later one is pledged.
 */
export function followed(
  { tablet: candidate, term }: { readonly tablet: string; readonly term: number },
  change: Partial<TabletState> = {},
): StateChange {
  return ({ pledge }) => {
    if (term < pledge.term) throw new AppError("outdated", `term ${pledge.term} has been pledged meanwhile`);
    return { ...change, led: undefined, pledge: { term, candidate } };
  };
}

const fileName = "tablet-state.json";

/** Throws AppError "invalid-state" for a file that cannot be understood: what it promised must not be guessed. */
export async function openTabletState(directory: string): Promise<TabletStateFile | undefined> {
  const path = join(directory, fileName);
  const text = await readIfThere(path);
  return text === undefined ? undefined : stateFile(path, parseState(path, text));
}

export async function createTabletState(directory: string, state: TabletState): Promise<TabletStateFile> {
  const file = stateFile(join(directory, fileName), state);
  await file.write({});
  return file;
}

function stateFile(path: string, first: TabletState): TabletStateFile {
  let state = first;
  let writing: Promise<void> = Promise.resolve();
  const write = async (change: StateChange) => {
    const next = { ...state, ...(typeof change === "function" ? change(state) : change) };
    await writeDespiteFullDisk(path, `${JSON.stringify(next, null, 2)}\n`);
    state = next;
  };
  return {
    get state() {
      return state;
    },
    write(change) {
      // One after the other, so that no change is made from a state that another one has replaced.
      writing = writing.catch(() => {}).then(() => write(change));
      return writing;
    },
  };
}

function parseState(path: string, text: string): TabletState {
  const invalid = (cause?: unknown) =>
    new AppError("invalid-state", `${path} does not hold the state of a tablet`, {
      cause,
      hint: "Do not delete it: it holds what this tablet has promised. If it is lost, delete the tablet's whole directory.",
    });
  let value: Json;
  try {
    value = parseJson(text, path);
  } catch (cause) {
    throw invalid(cause);
  }
  if (!isObject(value)) throw invalid();
  const { pledge, isWhole, led } = value;
  if (!isObject(pledge) || !isTerm(pledge.term) || typeof pledge.candidate !== "string") throw invalid();
  if (typeof isWhole !== "boolean" || !(led === undefined || isTerm(led))) throw invalid();
  return { pledge: { term: pledge.term, candidate: pledge.candidate }, isWhole, led };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTerm(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
