// The topology as files in one directory, for `shardgres local`: several processes at once, safe against crashes at any
// moment. Document "shards/s1" is the newest of the files shards.s1@1.json, shards.s1@2.json, ... (base/numbered-files).
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import type { Json } from "../base/json.ts";
import { parseJson } from "../base/json.ts";
import { highestNumbers, numberedPath, readNewest, writeNext } from "../base/numbered-files.ts";
import { directoryChanges } from "./directory-changes.ts";
import { localLeases } from "./local-leases.ts";
import { conflict, type Entry, isBelow, isKey, type StoreEvent, type TopologyStore } from "./store.ts";

export interface LocalStoreOptions {
  /** How often a watch looks for itself, in case the operating system has not told it of a change. */
  readonly pollMs?: number;
}

/** `directory` must exist: every method throws AppError "no-directory" otherwise. */
export function localStore(directory: string, { pollMs = 1_000 }: LocalStoreOptions = {}): TopologyStore {
  return {
    async get(key) {
      const newest = await readNewest(directory, fileName(key));
      return newest && entryOf(directory, key, newest.number, newest.text);
    },

    async list(below) {
      const entries: Entry[] = [];
      for (const name of (await highestNumbers(directory)).keys()) {
        const entry = isBelow(below, keyOf(name)) ? await this.get(keyOf(name)) : undefined;
        if (entry) entries.push(entry);
      }
      return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    },

    async put(key, value, expected) {
      return String(await swap(directory, key, expected, { value }));
    },

    async delete(key, expected) {
      await swap(directory, key, expected, { deleted: true });
    },

    watch: (below, signal) => watch(directory, below, signal, pollMs),
    leases: localLeases(directory),
  };
}

type FileContent = { readonly value: Json } | { readonly deleted: true };

async function swap(directory: string, key: string, expected: string, content: FileContent): Promise<number> {
  const newest = await readNewest(directory, fileName(key));
  const version = newest ? entryOf(directory, key, newest.number, newest.text)?.version : undefined;
  if ((version ?? "absent") !== expected) throw conflict(key);
  const number = (newest?.number ?? 0) + 1;
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (!(await writeNext(directory, fileName(key), number, text))) throw conflict(key);
  return number;
}

async function* watch(
  directory: string,
  below: string,
  signal: AbortSignal,
  pollMs: number,
): AsyncGenerator<StoreEvent> {
  // Listening begins before reading, so that nothing falls between the two.
  const changes = directoryChanges(directory, pollMs, signal);
  const seen = new Map<string, number>();
  try {
    let first = true;
    while (!signal.aborted) {
      const news = await readNews(directory, below, seen);
      if (first) yield { kind: "state", entries: news.flatMap(({ entry }) => entry ?? []) };
      else for (const { key, entry } of news) yield entry ? { kind: "put", entry } : { kind: "delete", key };
      if (!first && news.length === 0) yield { kind: "current" };
      first = false;
      await changes.next();
    }
  } finally {
    changes.close();
  }
}

/** What is newer than `seen`, which is brought up to date. */
async function readNews(
  directory: string,
  below: string,
  seen: Map<string, number>,
): Promise<{ key: string; entry: Entry | undefined }[]> {
  const news: { key: string; entry: Entry | undefined }[] = [];
  for (const [name, number] of await highestNumbers(directory)) {
    const key = keyOf(name);
    if (!isBelow(below, key) || seen.get(key) === number) continue;
    const newest = await readNewest(directory, name);
    if (newest === undefined) continue;
    seen.set(key, newest.number);
    news.push({ key, entry: entryOf(directory, key, newest.number, newest.text) });
  }
  return news.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** undefined: it has been deleted. */
function entryOf(directory: string, key: string, number: number, text: string): Entry | undefined {
  const path = numberedPath(directory, fileName(key), number);
  const invalid = (problem: string, cause?: unknown) =>
    new AppError("invalid-document", `${path} is not a topology document: ${problem}`, { cause });
  if (!isKey(key)) throw invalid(`"${key}" cannot be a key`);
  let content: Json;
  try {
    content = parseJson(text, "it");
  } catch (error) {
    throw invalid("it is not valid JSON", error);
  }
  if (typeof content === "object" && content !== null) {
    if ("deleted" in content) return undefined;
    if ("value" in content) return { key, value: content.value!, version: String(number) };
  }
  throw invalid('it has no "value"');
}

function fileName(key: string): string {
  assert(isKey(key), `"${key}" cannot be the key of a topology document`);
  return key.replaceAll("/", ".");
}

function keyOf(name: string): string {
  return name.replaceAll(".", "/");
}
