// How the columns of a query travel as arrays from shard to shard: built-in types in binary; others (enums, domains,
// composites, arrays), whose object ids differ between shards, as text with a cast by name.
import { firstUserOid, oid } from "../pgwire/oid.ts";
import type { Field } from "../pgwire/row-description.ts";
import { refuse } from "../planner/refuse.ts";
import type { Participant } from "../transaction/participant.ts";
import type { Execution } from "./execution.ts";

export interface TravellingColumn {
  readonly format: 0 | 1;
  readonly elementType: number;
  readonly arrayType: number;
  /** Name of the type to cast to; undefined: it arrives as what it was. */
  readonly cast: string | undefined;
}

const textArray = 1009;
const recordType = 2249;

/** `fields` as described by the participant's shard. */
export async function travellingColumns(
  fields: readonly Field[],
  execution: Execution,
  participant: Participant,
): Promise<TravellingColumn[]> {
  const columns: TravellingColumn[] = [];
  for (const { typeOid } of fields) {
    // Nobody can say later of which columns it was made.
    if (typeOid === recordType) throw refuse("SG001", "a value of type record");
    const arrayType = execution.catalog.arrayTypes.get(typeOid);
    if (typeOid < firstUserOid && arrayType !== undefined) {
      columns.push({ format: 1, elementType: typeOid, arrayType, cast: undefined });
    } else {
      const cast = await typeName(typeOid, execution, participant);
      columns.push({ format: 0, elementType: oid.text, arrayType: textArray, cast });
    }
  }
  return columns;
}

/** `unnest($4, $5) AS u(a0, a1)` and its select list; the arrays are the parameters from `firstParameter` on. */
export function unnestSql(columns: readonly TravellingColumn[], firstParameter: number): string {
  const list = columns.map(({ cast }, i) => (cast === undefined ? `u.a${i}` : `u.a${i}::${cast}`)).join(", ");
  const arrays = columns.map((_, i) => `$${firstParameter + i}`).join(", ");
  const names = columns.map((_, i) => `a${i}`).join(", ");
  return `SELECT ${list} FROM unnest(${arrays}) AS u(${names})`;
}

async function typeName(typeOid: number, execution: Execution, participant: Participant): Promise<string> {
  // "unknown" is what an untyped literal in a select list was before it became text.
  if (typeOid === oid.unknown) return "text";
  const key = `${execution.scope}:${participant.shard}:${typeOid}`;
  let name = typeNames.get(key);
  if (name === undefined) {
    name = await participant.queryText(`SELECT pg_catalog.format_type(${typeOid}, NULL)`);
    if (typeNames.size >= typeNamesMax) typeNames.clear();
    typeNames.set(key, name);
  }
  return name;
}

const typeNamesMax = 1_000;
const typeNames = new Map<string, string>();
