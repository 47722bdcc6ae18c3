// What PostgreSQL itself brings: the same in every database of one server version, so it is asked for once.

import type { QueryText } from "./query-text.ts";
import type { Volatility } from "./snapshot.ts";
import { volatilityOf } from "./volatility.ts";

export interface Builtins {
  readonly systemRelations: ReadonlySet<string>;
  readonly informationSchemaRelations: ReadonlySet<string>;
  readonly volatileFunctions: ReadonlySet<string>;
  readonly stableFunctions: ReadonlySet<string>;
  readonly aggregateFunctions: ReadonlySet<string>;
  readonly setReturningFunctions: ReadonlySet<string>;
  readonly arrayTypes: ReadonlyMap<number, number>;
  /** By object id of the function. */
  readonly functionVolatility: ReadonlyMap<number, Volatility>;
}

interface BuiltinsDocument {
  readonly systemRelations: readonly string[];
  readonly informationSchemaRelations: readonly string[];
  /** oid, name, provolatile, prokind, proretset */
  readonly functions: readonly (readonly [number, string, string, string, boolean])[];
  readonly arrayTypes: readonly (readonly [number, number])[];
}

/** Relations that extensions put into pg_catalog are among them. One row, one column of JSON. */
export const builtinsSql = `
select json_build_object(
  'systemRelations', (
    select json_agg(relname) from pg_catalog.pg_class where relnamespace = 'pg_catalog'::regnamespace
  ),
  'informationSchemaRelations', (
    select coalesce(json_agg(c.relname), json_build_array())
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'information_schema'
  ),
  'functions', (
    select json_agg(json_build_array(oid::bigint, proname, provolatile, prokind, proretset))
    from pg_catalog.pg_proc where oid < 16384
  ),
  'arrayTypes', (
    select json_agg(json_build_array(oid::bigint, typarray::bigint))
    from pg_catalog.pg_type where typarray <> 0 and oid < 16384
  )
)::text`;

/** Once per process and server version. */
export async function loadBuiltins(query: QueryText): Promise<Builtins> {
  return buildBuiltins(await query(builtinsSql));
}

/** `json` is the answer of `builtinsSql`. */
export function buildBuiltins(json: string): Builtins {
  const document = JSON.parse(json) as BuiltinsDocument;
  const names = (is: (row: BuiltinsDocument["functions"][number]) => boolean) =>
    new Set(document.functions.filter(is).map(([, name]) => name));
  return {
    systemRelations: new Set(document.systemRelations),
    informationSchemaRelations: new Set(document.informationSchemaRelations),
    volatileFunctions: names(([, , volatility]) => volatility === "v"),
    stableFunctions: names(([, , volatility]) => volatility === "s"),
    aggregateFunctions: names(([, , , kind]) => kind === "a"),
    setReturningFunctions: names(([, , , , returnsSet]) => returnsSet),
    arrayTypes: new Map(document.arrayTypes),
    functionVolatility: new Map(document.functions.map(([oid, , volatility]) => [oid, volatilityOf(volatility)])),
  };
}
