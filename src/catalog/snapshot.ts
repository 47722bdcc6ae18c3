// What one database contains, as far as routing must know, as one immutable value. Names are as PostgreSQL stores them
// (case folded, unquoted). Object ids are the home shard's: they differ between shards for anything a user made.
import type { ShardKeyType } from "../sharding/shard-key-type.ts";

export type Volatility = "immutable" | "stable" | "volatile";

export interface Column {
  readonly name: string;
  readonly typeOid: number;
  /**
   * `atttypmod`: -1 for none. It changes what is stored: a varchar(n), n = typeModifier - 4, loses blanks beyond n, so a
   * longer key value of an INSERT is of no use for routing.
   */
  readonly typeModifier: number;
  /** As `format_type` gives it: "integer", "character varying(20)", "sales.mood". */
  readonly typeName: string;
  /**
   * Whether equality and order of its values are those of their bytes; true for types without a collation. False for
   * bpchar and for types with a collation that are not built in (citext).
   */
  readonly bytewise: boolean;
  /** Its collation as SQL, quoted and with its schema ('pg_catalog."C"'), when it is not the default of its type; else undefined. */
  readonly collation?: string | undefined;
  readonly notNull: boolean;
  /** Of the default (also of a domain's) or identity expression; undefined when there is none. A generated column counts as none. */
  readonly defaultVolatility: Volatility | undefined;
  /** The default as `pg_get_expr` writes it with an empty search path; for an identity column the nextval of its sequence. */
  readonly defaultSql?: string | undefined;
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

/**
 * A foreign key of an unsharded table to a distributed one: there only until the table is distributed too, and while it has
 * no rows (foreign-key-rules.ts).
 */
export interface PendingKey {
  /** The table that is to be distributed (of a partition that has the key: the partitioned table), as SQL. */
  readonly table: string;
  /** The distributed table that the key points to, as SQL. */
  readonly to: string;
  /** Columns that join the shard key of `to`, in its order. */
  readonly columns: readonly string[];
}

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned-table" | "view" | "materialized-view" | "sequence" | "foreign-table";
  readonly columns: readonly Column[];
  readonly distribution: Distribution;
  /** Oid of the parent, when this is a partition or an inheritance child. */
  readonly parent: number | undefined;
  /** Names of the columns of the primary key, in order; undefined when there is none (or the loader does not know). */
  readonly primaryKey?: readonly string[] | undefined;
  /** The SELECT behind a view or materialized view, as `pg_get_viewdef` writes it. */
  readonly definition: string | undefined;
  /** Of the table or a partition below it: nothing may be stored in it. undefined: there is none, or it is no table. */
  readonly pendingKey?: PendingKey | undefined;
  /** Whether a trigger made by a user fires on it, or on a partition of it. */
  readonly hasTriggers: boolean;
  /** The functions of those triggers; they are also in `userFunctions`, unless they are built in. */
  readonly triggerFunctions: readonly FunctionName[];
  /** Whether a rule other than a view's own rewrites statements on it. */
  readonly hasRules: boolean;
}

export interface FunctionName {
  readonly schema: string;
  readonly name: string;
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
  /** Names (without schema) of relations in pg_catalog. */
  readonly systemRelations: ReadonlySet<string>;
  /** The same for information_schema, which is not searched unless the search path names it. */
  readonly informationSchemaRelations: ReadonlySet<string>;
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
  /** True when some relation has a `pendingKey`. */
  readonly hasPendingKeys?: boolean;
}

/**
 * Finds a relation as PostgreSQL would: by schema, or along the search path. "$user" has been replaced already. The
 * session's temporary tables come before all of this and are not known here; "pg_temp" in the path is passed over.
 */
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
  const path = searchPath.includes("pg_catalog") ? searchPath : ["pg_catalog", ...searchPath];
  for (const entry of path) {
    if (entry === "pg_catalog" && catalog.systemRelations.has(name)) return "system";
    if (entry === "information_schema" && catalog.informationSchemaRelations.has(name)) return "system";
    const found = catalog.relations.get(entry)?.get(name);
    if (found) return found;
  }
  return undefined;
}
