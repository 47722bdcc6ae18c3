// The cluster's settings with which PostgreSQL has started here, on disk: those that the tablet can go back to, whatever is
// chosen later, and that it begins with.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../src/base/error-code.ts";
import { parseJson } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import { writeFileWhole } from "../../src/base/write-file.ts";
import { type ClusterSettings, checkClusterSettings } from "../../src/topology/cluster-settings.ts";

export interface ProvenSettings {
  readonly settings: ClusterSettings;
  write(settings: ClusterSettings): Promise<void>;
}

const fileName = "proven-settings.json";

/** What cannot be read is not needed: PostgreSQL starts without any. */
export async function openProvenSettings(directory: string, log: Log): Promise<ProvenSettings> {
  const path = join(directory, fileName);
  let settings = await read(path, log);
  return {
    get settings() {
      return settings;
    },
    async write(next) {
      await writeFileWhole(path, `${JSON.stringify(next, undefined, 2)}\n`, { mode: 0o600 });
      settings = next;
    },
  };
}

async function read(path: string, log: Log): Promise<ClusterSettings> {
  try {
    const value = parseJson(await readFile(path, "utf8"), path);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const texts = isObject
      ? Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string")
      : [];
    const settings = Object.fromEntries(texts);
    checkClusterSettings(settings);
    return settings;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") log.warn({ err: error }, "the settings of before cannot be read");
    return {};
  }
}
