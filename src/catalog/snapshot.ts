// What one database contains, as far as routing must know, as one immutable value. Names are as PostgreSQL stores them
// (case folded, unquoted). Object ids are the home shard's: they differ between shards for anything a user made.
import type { ShardKeyType } from "../sharding/shard-key-type.ts";

export type Volatility = "immutable" | "stable" | "volatile";

export interface Column {
  readonly name: string;
  readonly typeOid: number;
  /** As `format_type` gives it: "integer", "character varying(20)", "sales.mood". */
  readonly typeName: string;
  /** Whether equality and order of its values are those of their bytes; true for types without a collation. */
  readonly bytewise: boolean;
  readonly notNull: boolean;
  /** Of the default or identity expression; undefined when there is none. A stored generated column counts as none. */
  readonly defaultVolatility: Volatility | undefined;
  readonly identity: boolean;
  readonly generated: boolean;
}

export type Distribution =
  | { readonly kind: "unsharded" }
  | { readonly kind: "reference" }
  | {
      readonly kind: "distributed";
      /** Names of the columns of the shard key, in order, and the type of each. */
      readonly shardKey: readonly string[];
      readonly types: readonly ShardKeyType[];
      /** Tables in one group have equal keys on the same shard. */
      readonly colocationGroup: number;
    };

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned-table" | "view" | "materialized-view" | "sequence" | "foreign-table";
  readonly columns: readonly Column[];
  readonly distribution: Distribution;
  /** Oid of the parent, when this is a partition or an inheritance child. */
  readonly parent: number | undefined;
  /** The SELECT behind a view or materialized view, as `pg_get_viewdef` writes it. */
  readonly definition: string | undefined;
  /** Whether a trigger made by a user fires on it. */
  readonly hasTriggers: boolean;
}

export interface UserFunction {
  readonly schema: string;
  readonly name: string;
  readonly kind: "function" | "procedure" | "aggregate" | "window";
  readonly volatility: Volatility;
  readonly language: string;
  /** Source text of SQL and PL functions; "" for others. */
  readonly body: string;
}

export interface CatalogSnapshot {
  readonly database: string;
  /** Rises with every load in this process. */
  readonly version: number;
  /** Relations of users' schemas: schema -> name -> relation. System catalogs are not listed. */
  readonly relations: ReadonlyMap<string, ReadonlyMap<string, Relation>>;
  readonly relationsByOid: ReadonlyMap<number, Relation>;
  /** Names (without schema) of relations in pg_catalog and information_schema. */
  readonly systemRelations: ReadonlySet<string>;
  /** Functions that users or extensions made, by name without schema (overloads listed). */
  readonly userFunctions: ReadonlyMap<string, readonly UserFunction[]>;
  /** Names of built-in functions of which some overload is volatile, stable, an aggregate, or returns a set. */
  readonly volatileFunctions: ReadonlySet<string>;
  readonly stableFunctions: ReadonlySet<string>;
  readonly aggregateFunctions: ReadonlySet<string>;
  readonly setReturningFunctions: ReadonlySet<string>;
  /** Whether text of the database's default collation sorts by its bytes (C, POSIX, or builtin C.UTF-8). */
  readonly defaultCollationBytewise: boolean;
  /** Element type -> array type, for built-in types. */
  readonly arrayTypes: ReadonlyMap<number, number>;
  /** True when at least one distributed or reference table exists. */
  readonly hasShardedTables: boolean;
}

/** Finds a relation as PostgreSQL would: by schema, or along the search path. "$user" has been replaced already. */
export function findRelation(
  catalog: CatalogSnapshot,
  searchPath: readonly string[],
  schema: string | undefined,
  name: string,
): Relation | "system" | undefined {
  if (schema !== undefined) {
    if (schema === "pg_catalog" || schema === "information_schema") return "system";
    return catalog.relations.get(schema)?.get(name);
  }
  // pg_catalog is searched first unless the path names it.
  if (!searchPath.includes("pg_catalog") && catalog.systemRelations.has(name)) return "system";
  for (const entry of searchPath) {
    if (entry === "pg_catalog" && catalog.systemRelations.has(name)) return "system";
    const found = catalog.relations.get(entry)?.get(name);
    if (found) return found;
  }
  return undefined;
}
