// Leases as files below the directory of the local store: `leases/shards.s1@7.json`. In a directory of their own, so that
// a renewal does not wake those who watch the documents.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { errorCode } from "../base/error-code.ts";
import { parseJson } from "../base/json.ts";
import { highestNumbers, numberedPath, readNewest, writeNext } from "../base/numbered-files.ts";
import { readLease } from "./lease.ts";
import { conflict, isKey, type LeaseStore } from "./store.ts";

/** Below the directory of the store. The launcher makes it for the user of the agents; else the first one who writes. */
export const leasesDirectory = "leases";

export function localLeases(storeDirectory: string): LeaseStore {
  const directory = join(storeDirectory, leasesDirectory);
  const read = async (name: string) => {
    try {
      return await readNewest(directory, fileName(name));
    } catch (error) {
      if (errorCode(error) !== "no-directory") throw error;
      return "no-directory";
    }
  };
  const newest = async (name: string) => {
    const found = await read(name);
    if (found !== "no-directory") return found;
    // Nobody has had a lease yet, or the store itself is away. If it is there now, it may have come back this moment.
    await highestNumbers(storeDirectory);
    const again = await read(name);
    return again === "no-directory" ? undefined : again;
  };
  return {
    async get(name) {
      const found = await newest(name);
      if (found === undefined) return undefined;
      const path = numberedPath(directory, fileName(name), found.number);
      return { lease: readLease(name, parseJson(found.text, path)), version: String(found.number) };
    },

    async put(name, lease, expected) {
      const found = await newest(name);
      if ((found === undefined ? "absent" : String(found.number)) !== expected) throw conflict(`lease ${name}`);
      if (found === undefined) await makeDirectory(directory);
      const number = (found?.number ?? 0) + 1;
      const text = `${JSON.stringify(lease, null, 2)}\n`;
      if (!(await writeNext(directory, fileName(name), number, text))) throw conflict(`lease ${name}`);
      return String(number);
    },
  };
}

/** Not the directory above it: without that there is no store, and writing says so. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (errorCode(error) !== "EEXIST" && errorCode(error) !== "ENOENT") throw error;
  }
}

function fileName(name: string): string {
  assert(isKey(name), `"${name}" cannot be the name of a lease`);
  return name.replaceAll("/", ".");
}
