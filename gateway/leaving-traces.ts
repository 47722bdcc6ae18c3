// Code inside of PostgreSQL that leaves something on its connection: a setting, a role, a lock, a temporary table. The
// next session on that connection would see it, so such code is refused. Read from the text of functions, with an eye to
// strings that they may execute; what is local to the transaction leaves nothing.
import type { CatalogSnapshot } from "../src/catalog/snapshot.ts";
import { refuse } from "../src/planner/refuse.ts";

const traces = [
  // SET at the beginning of a statement or of a string, but not SET LOCAL, nor that of UPDATE.
  /(?:^|;|'|\$|\bbegin\b|\bthen\b|\belse\b|\bloop\b)\s*(?:set|reset)\s+(?!local\b|constraints\b|transaction\b)/i,
  /\bset_config\s*\((?![^;]*,\s*true\s*\))/i,
  /\bpg_(?:try_)?advisory_(?!xact|unlock)/i,
  /\bcreate\s+(?:local\s+|global\s+)?(?:temp|temporary)\b(?![^;]*\bon\s+commit\s+drop\b)/i,
  /\binto\s+(?:temp|temporary)\b/i,
  /\blisten\b/i,
];

interface Leaving {
  /** Functions and procedures, as words of a statement; undefined: there are none. */
  readonly functions: RegExp | undefined;
  /** Tables whose triggers do it. */
  readonly tables: RegExp | undefined;
}

const known = new WeakMap<CatalogSnapshot, Leaving>();
const writes = /\b(?:insert|update|delete|merge|copy|truncate)\b/i;

/** Throws SG084 for a statement that calls such code. */
export function checkTraces(text: string, catalog: CatalogSnapshot): void {
  if (/^\s*do\b/i.test(text) && leavesTraces(text)) throw refuse("SG084", "a DO block");
  const { functions, tables } = leavingOf(catalog);
  if (/^\s*(?:create|alter|drop|comment|grant|revoke)\b/i.test(text)) return;
  const called = functions?.exec(text);
  if (called) throw refuse("SG084", `function "${called[0]}"`);
  const written = writes.test(text) ? tables?.exec(text) : undefined;
  if (written) throw refuse("SG084", `a trigger of table "${written[0]}"`);
}

function leavesTraces(body: string): boolean {
  return traces.some((trace) => trace.test(body));
}

function leavingOf(catalog: CatalogSnapshot): Leaving {
  let leaving = known.get(catalog);
  if (leaving === undefined) {
    leaving = find(catalog);
    known.set(catalog, leaving);
  }
  return leaving;
}

function find(catalog: CatalogSnapshot): Leaving {
  const functions = [...catalog.userFunctions.values()].flat().filter(({ body }) => body !== "");
  const names = new Set(functions.filter(({ body }) => leavesTraces(body)).map(({ name }) => name));
  // Who calls one of them does it as well. Each round finds at least one more, or is the last.
  for (let size = -1; size !== names.size; ) {
    size = names.size;
    const calls = words(names);
    for (const { name, body } of functions) if (calls?.test(body) === true) names.add(name);
  }
  const tables = [...catalog.relationsByOid.values()].filter(({ triggerFunctions }) =>
    triggerFunctions.some(({ name }) => names.has(name)),
  );
  return { functions: words(names), tables: words(new Set(tables.map(({ name }) => name))) };
}

function words(names: ReadonlySet<string>): RegExp | undefined {
  if (names.size === 0) return undefined;
  const escaped = [...names].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?<![\\w$])(?:${escaped.join("|")})(?![\\w$])`, "i");
}
