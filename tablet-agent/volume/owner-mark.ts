// The mark in a tablet's directory: which agent may run PostgreSQL on it. It goes with the directory when that is on a volume
// that moves from machine to machine.
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { parseJson } from "../../src/base/json.ts";
import { readIfThere } from "../../src/base/read-if-there.ts";
import { writeDespiteFullDisk } from "../../src/base/write-despite-full-disk.ts";

export interface OwnerMark {
  /** See Place. */
  readonly place: string;
  readonly machine: string;
  readonly pid: number;
  /** RFC 3339; for people. */
  readonly since: string;
  /** That the tablet had pledged then. */
  readonly term: number;
  /** Whether it ends its PostgreSQL in time when it cannot renew the lease of the volume. */
  readonly stopsItself: boolean;
}

const fileName = "owner.json";

/** undefined: nobody's, or its owner has let it go. Throws AppError "invalid-mark". */
export async function readMark(directory: string): Promise<OwnerMark | undefined> {
  const path = join(directory, fileName);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const { owner } = parseJson(text, path) as { readonly owner?: Partial<OwnerMark> | null };
  if (owner === null) return undefined;
  const { place, machine, pid, since, term, stopsItself } = owner ?? {};
  const isWhole = [place, machine, since].every((each) => typeof each === "string");
  if (!isWhole || typeof pid !== "number" || typeof term !== "number" || typeof stopsItself !== "boolean") {
    throw new AppError("invalid-mark", `${path} does not say who owns the directory`, {
      hint: "Make sure that no PostgreSQL runs on it anywhere, then delete the file.",
    });
  }
  return owner as OwnerMark;
}

/** Resolves when it is on disk. undefined: from now on it is nobody's. */
export async function writeMark(directory: string, owner: OwnerMark | undefined): Promise<void> {
  const text = `${JSON.stringify({ owner: owner ?? null }, undefined, 2)}\n`;
  await writeDespiteFullDisk(join(directory, fileName), text);
}
