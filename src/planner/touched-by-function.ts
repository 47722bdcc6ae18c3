// Which relations a function made by a user touches. Its body is only looked at as words: every word that is the name of a
// table, or of a view or function that touches one, counts, also inside of strings (dynamic SQL). So it may find too many.
import type { CatalogSnapshot, Relation } from "../catalog/snapshot.ts";

interface Names {
  readonly relations: ReadonlyMap<string, readonly Relation[]>;
  readonly byFunction: Map<string, Set<Relation>>;
}

const namesOfCatalog = new WeakMap<CatalogSnapshot, Names>();

/** All overloads of the name together; empty for built-in functions. */
export function touchedByFunction(catalog: CatalogSnapshot, name: string): ReadonlySet<Relation> {
  const { byFunction } = namesIn(catalog);
  const known = byFunction.get(name);
  if (known !== undefined) return known;
  const touched = new Set<Relation>();
  for (const each of calledFrom(catalog, name)) {
    for (const { body } of catalog.userFunctions.get(each) ?? []) addRelations(catalog, body, touched);
  }
  byFunction.set(name, touched);
  return touched;
}

/** The same for any text of SQL or PL/pgSQL. */
export function touchedByText(catalog: CatalogSnapshot, text: string): ReadonlySet<Relation> {
  const touched = new Set<Relation>();
  addRelations(catalog, text, touched);
  for (const word of wordsIn(text)) for (const relation of touchedByFunction(catalog, word)) touched.add(relation);
  return touched;
}

export function isSharded(relation: Relation): boolean {
  return relation.distribution.kind !== "unsharded";
}

/** Words as names may be written: folded to lower case, and as they stand, for quoted ones. */
export function wordsIn(text: string): Set<string> {
  const words = new Set<string>();
  for (const [word] of text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)) {
    words.add(word);
    words.add(word.toLowerCase());
  }
  for (const [, quoted = ""] of text.matchAll(/"((?:[^"]|"")+)"/g)) words.add(quoted.replaceAll('""', '"'));
  return words;
}

/** The function and every function of users that it may call, however far. */
function calledFrom(catalog: CatalogSnapshot, name: string): Set<string> {
  const called = new Set([name]);
  // A set gives what is added while it is walked.
  for (const each of called) {
    for (const { body } of catalog.userFunctions.get(each) ?? []) {
      for (const word of wordsIn(body)) if (catalog.userFunctions.has(word)) called.add(word);
    }
  }
  return called;
}

function addRelations(catalog: CatalogSnapshot, text: string, into: Set<Relation>): void {
  const { relations } = namesIn(catalog);
  for (const word of wordsIn(text)) for (const relation of relations.get(word) ?? []) into.add(relation);
}

function namesIn(catalog: CatalogSnapshot): Names {
  let names = namesOfCatalog.get(catalog);
  if (names === undefined) {
    names = { relations: relationsByName(catalog), byFunction: new Map() };
    namesOfCatalog.set(catalog, names);
  }
  return names;
}

/** Tables by name; under the name of a view, also what it reads. */
function relationsByName(catalog: CatalogSnapshot): Map<string, Relation[]> {
  const names = new Map<string, Relation[]>();
  const views: Relation[] = [];
  for (const schema of catalog.relations.values()) {
    for (const relation of schema.values()) {
      if (relation.kind === "view") views.push(relation);
      else if (relation.kind !== "sequence") names.set(relation.name, [...(names.get(relation.name) ?? []), relation]);
    }
  }
  const wordsOfView = new Map(views.map((view) => [view, wordsIn(view.definition ?? "")]));
  // Views read views: until nothing new is found.
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (const [view, words] of wordsOfView) {
      const found = new Set(names.get(view.name));
      const before = found.size;
      for (const word of words) for (const relation of names.get(word) ?? []) found.add(relation);
      if (found.size === before) continue;
      names.set(view.name, [...found]);
      isNew = true;
    }
  }
  return names;
}
