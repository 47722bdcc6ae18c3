// What global/pg_control says of data that no PostgreSQL runs on (source: catalog/pg_control.h). The first fields have had
// the same places for many versions; later ones are not needed.
import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import type { DataState } from "./server.ts";

/** PG_CONTROL_VERSION of PostgreSQL 13 to 18, in steps. */
const versionsKnown = [1300, 1700, 1800];
const at = { systemIdentifier: 0, version: 8, state: 16, checkpoint: 32, timeline: 48, end: 52 } as const;

/** Throws AppError "corrupt-data" when the file is missing or makes no sense. */
export async function readControlFile(dataDirectory: string): Promise<DataState> {
  const path = join(dataDirectory, "global", "pg_control");
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AppError("corrupt-data", `${path} cannot be read`, { cause });
  }
  const state = parseControlFile(bytes);
  if (state === undefined) throw new AppError("corrupt-data", `${path} is damaged or of an unknown version`);
  return state;
}

/** undefined: it makes no sense. */
export function parseControlFile(bytes: Buffer, isLittleEndian = endianness() === "LE"): DataState | undefined {
  if (bytes.length < at.end) return undefined;
  const small = (offset: number) => (isLittleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  const large = (offset: number) => (isLittleEndian ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset));
  const state = stateOf(small(at.state));
  if (!versionsKnown.includes(small(at.version)) || state === undefined) return undefined;
  return {
    systemIdentifier: String(large(at.systemIdentifier)),
    state,
    timeline: small(at.timeline),
    checkpointLsn: Number(large(at.checkpoint)),
  };
}

/** enum DBState. */
function stateOf(code: number): DataState["state"] | undefined {
  switch (code) {
    case 1:
      return "shut-down";
    case 2:
      return "shut-down-in-recovery";
    case 5:
      return "in-recovery";
    // Starting up, shutting down, in crash recovery, in production: a primary that was broken off.
    case 0:
    case 3:
    case 4:
    case 6:
      return "in-production";
    default:
      return undefined;
  }
}
