// Code inside of PostgreSQL that does what a statement of its own may not do, or not without the gateway. It is refused.
// Read from the text of functions, with an eye to strings that they may execute.
import type { CatalogSnapshot } from "../src/catalog/snapshot.ts";
import { refuse } from "../src/planner/refuse.ts";

/**
 * What leaves something on its connection: a setting, a role, a lock, a temporary table. The next session on that connection would
 * see it. What is local to the transaction leaves nothing.
 */
const traces = [
  // SET at the beginning of a statement or of a string, but not SET LOCAL, nor that of UPDATE.
  /(?:^|;|'|\$|\bbegin\b|\bthen\b|\belse\b|\bloop\b)\s*(?:set|reset)\s+(?!local\b|constraints\b|transaction\b)/i,
  /\bset_config\s*\((?![^;]*,\s*true\s*\))/i,
  /\bpg_(?:try_)?advisory_(?!xact|unlock)/i,
  /\bcreate\s+(?:local\s+|global\s+)?(?:temp|temporary)\b(?![^;]*\bon\s+commit\s+drop\b)/i,
  /\binto\s+(?:temp|temporary)\b/i,
  /\blisten\b/i,
];

/** What makes the commit wait for less, as commit-durability.ts keeps statements from doing. */
const lowering = [
  /\bset\s+(?:(?:local|session)\s+)?"?synchronous_commit\b"?(?!\s*(?:=|to)\s*'{0,2}(?:on|remote_apply|true|yes|1|default)\b)/i,
  /\bset_config\s*\((?:\s*setting_name\s*=>)?\s*'{1,2}synchronous_commit(?!'{1,2}\s*,\s*(?:new_value\s*=>\s*)?'{1,2}(?:on|remote_apply)')/i,
  /\bupdate\s+(?:pg_catalog\s*\.\s*)?pg_settings\b/i,
];

interface Refused {
  readonly patterns: readonly RegExp[];
  readonly code: "SG084" | "SG089";
  readonly known: WeakMap<CatalogSnapshot, Callers>;
}

const leavingTraces: Refused = { patterns: traces, code: "SG084", known: new WeakMap() };
const loweringDurability: Refused = { patterns: lowering, code: "SG089", known: new WeakMap() };

interface Callers {
  /** Functions and procedures, as words of a statement; undefined: there are none. */
  readonly functions: RegExp | undefined;
  /** Tables whose triggers do it. */
  readonly tables: RegExp | undefined;
}

const writes = /\b(?:insert|update|delete|merge|copy|truncate)\b/i;

/** Throws SG084 for a statement that calls code which leaves traces, and SG089 for what lowers the durability that is demanded. */
export function checkCode(text: string, catalog: CatalogSnapshot, areStandbysAwaited: boolean): void {
  check(text, catalog, leavingTraces);
  if (areStandbysAwaited) check(text, catalog, loweringDurability);
}

function check(text: string, catalog: CatalogSnapshot, refused: Refused): void {
  const { code, patterns } = refused;
  if (/^\s*do\b/i.test(text) && patterns.some((pattern) => pattern.test(text))) throw refuse(code, "a DO block");
  const { functions, tables } = callersIn(catalog, refused);
  if (/^\s*(?:create|alter|drop|comment|grant|revoke)\b/i.test(text)) return;
  const called = functions?.exec(text);
  if (called) throw refuse(code, `function "${called[0]}"`);
  const written = writes.test(text) ? tables?.exec(text) : undefined;
  if (written) throw refuse(code, `a trigger of table "${written[0]}"`);
}

function callersIn(catalog: CatalogSnapshot, { known, patterns }: Refused): Callers {
  let callers = known.get(catalog);
  if (callers === undefined) {
    callers = find(catalog, patterns);
    known.set(catalog, callers);
  }
  return callers;
}

function find(catalog: CatalogSnapshot, patterns: readonly RegExp[]): Callers {
  const functions = [...catalog.userFunctions.values()].flat().filter(({ body }) => body !== "");
  const does = functions.filter(({ body }) => patterns.some((pattern) => pattern.test(body)));
  const names = new Set(does.map(({ name }) => name));
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
