// "Only one of us here": a directory that one process at a time has for itself. Who has it is written down with the
// identity of its process, so that a dead owner is recognised, also when its pid is in use again.
import { AppError } from "./app-error.ts";
import { assert } from "./assert.ts";
import { parseJson } from "./json.ts";
import { numberedPath, readNewest, writeNext } from "./numbered-files.ts";
import { isSameProcess, processIdentity } from "./process-identity.ts";

export interface ProcessClaim {
  /** Whether the owner before died without releasing it, and may have left things behind. */
  readonly afterCrash: boolean;
  release(): Promise<void>;
}

export class ClaimedError extends AppError {
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super("claimed", `${directory} is in use by process ${pid}`);
    this.pid = pid;
  }
}

const name = "owner";

/** `directory` must exist and belong to the claim alone. Throws ClaimedError while another process has it. */
export async function claimDirectory(directory: string): Promise<ProcessClaim> {
  const identity = processIdentity(process.pid);
  assert(identity !== undefined, "this process runs");
  for (;;) {
    const before = await readOwner(directory);
    if (before.owner && isSameProcess(before.owner.pid, before.owner.identity)) {
      throw new ClaimedError(directory, before.owner.pid);
    }
    const number = before.number + 1;
    if (!(await writeNext(directory, name, number, ownerText({ pid: process.pid, identity })))) continue;
    return {
      afterCrash: before.owner !== undefined,
      async release() {
        await writeNext(directory, name, number + 1, ownerText(undefined));
      },
    };
  }
}

interface Owner {
  readonly pid: number;
  readonly identity: string;
}

function ownerText(owner: Owner | undefined): string {
  return `${JSON.stringify(owner ?? {})}\n`;
}

async function readOwner(directory: string): Promise<{ number: number; owner: Owner | undefined }> {
  const newest = await readNewest(directory, name);
  if (!newest) return { number: 0, owner: undefined };
  const value = parseJson(newest.text, numberedPath(directory, name, newest.number));
  const isOwner = typeof value === "object" && value !== null && "pid" in value && "identity" in value;
  const owner = isOwner ? { pid: Number(value.pid), identity: String(value.identity) } : undefined;
  return { number: newest.number, owner };
}
