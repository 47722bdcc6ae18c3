// What functions made by users touch, remembered for each catalog.
import { bodyMentions, functionMentions, type Mentions } from "../catalog/function-body.ts";
import type { CatalogSnapshot, Relation } from "../catalog/snapshot.ts";

const known = new WeakMap<CatalogSnapshot, Map<string, Mentions>>();

/** All overloads of the name together, with all that they call; nothing for built-in functions. */
export function mentionsOfFunction(catalog: CatalogSnapshot, name: string): Mentions {
  let byName = known.get(catalog);
  if (byName === undefined) {
    byName = new Map();
    known.set(catalog, byName);
  }
  let mentions = byName.get(name);
  if (mentions === undefined) {
    mentions = functionMentions(catalog, catalog.userFunctions.get(name) ?? []);
    byName.set(name, mentions);
  }
  return mentions;
}

/** Of a text of SQL or PL/pgSQL, with the functions that it calls: two parts. */
export function mentionsOfText(catalog: CatalogSnapshot, text: string): readonly [Mentions, Mentions] {
  const own = bodyMentions(catalog, text);
  return [own, functionMentions(catalog, [...own.functions])];
}

export function touchedByFunction(catalog: CatalogSnapshot, name: string): ReadonlySet<Relation> {
  return mentionsOfFunction(catalog, name).relations;
}

export function isSharded(relation: Relation): boolean {
  return relation.distribution.kind !== "unsharded";
}

/** Words as names may be written: folded to lower case, and as they stand, for quoted ones. Also inside of strings. */
export function wordsIn(text: string): Set<string> {
  const words = new Set<string>();
  for (const [word] of text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)) {
    words.add(word);
    words.add(word.toLowerCase());
  }
  for (const [, quoted = ""] of text.matchAll(/"((?:[^"]|"")+)"/g)) words.add(quoted.replaceAll('""', '"'));
  return words;
}
