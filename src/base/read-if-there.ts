// A file that need not be there.
import { readFile } from "node:fs/promises";
import { errorCode } from "./error-code.ts";

/** undefined: there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  });
}
