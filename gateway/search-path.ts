// The search path as the planner needs it: names, with "$user" replaced.
import { foldIdentifier } from "../src/sql/names.ts";

/** `setting` as SHOW search_path gives it; `user` is the current role. */
export function parseSearchPath(setting: string, user: string): string[] {
  return splitIdentifiers(setting).map((name) => (name === "$user" ? user : name));
}

/** A list of identifiers as in a setting: folded where they are not quoted. */
export function splitIdentifiers(list: string): string[] {
  const names: string[] = [];
  for (const match of list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,\s]+))\s*(?:,|$)/g)) {
    names.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : foldIdentifier(match[2]!));
  }
  return names;
}
