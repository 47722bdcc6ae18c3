// What is to be done with one statement. A plan names keys, never a shard: the shard is found when the plan runs, from
// the values of that run and the bucket map of that moment. Plans are immutable, cached and shared between sessions.
import type { ShardKeyType } from "../sharding/shard-key-type.ts";

/** Where the value of one shard key column comes from. Literals are counted as `normalize` counts them. */
export type ValueSource =
  | { readonly kind: "literal"; readonly slot: number; readonly negated: boolean }
  | { readonly kind: "parameter"; readonly number: number }
  /** A text that stands in the plan itself (such a plan is cached by its full text). null is SQL NULL. */
  | { readonly kind: "constant"; readonly text: string | null };

/**
 * The keys are of rows about to be stored. NULL in one is an error (`nullShardKey`, 23502). In a varchar(n) column,
 * `lengthMax` n, PostgreSQL cuts blanks beyond n characters: hash the value without them.
 */
export interface StoredKey {
  readonly schema: string;
  readonly relation: string;
  /** In the order of the shard key. */
  readonly columns: readonly { readonly name: string; readonly lengthMax: number | undefined }[];
}

export type Target =
  /** The shard that holds unsharded tables. */
  | { readonly kind: "home" }
  /** Whichever shard: one that the transaction uses already, else any. */
  | { readonly kind: "any" }
  | { readonly kind: "all" }
  /** The shards of these keys; each key has one source per shard key column. No keys: no rows, so any one shard. */
  | {
      readonly kind: "keys";
      readonly types: readonly ShardKeyType[];
      readonly stored?: StoredKey;
      readonly keys: readonly (readonly ValueSource[])[];
    }
  /** The shards of the elements of one array parameter: `key = ANY ($1)`, shard key of one column. */
  | { readonly kind: "array"; readonly type: ShardKeyType; readonly parameter: number };

/** Why a connection stays with the session after its transaction. */
export type Reservation = "temporary table" | "LISTEN" | "advisory lock" | "WITH HOLD cursor" | "sequence";

/** One shard answers the client's own text, byte for byte. */
export interface SingleShardPlan {
  readonly kind: "single-shard";
  /** Instead of the client's text, parameters numbered as there: only where this plan is the `source` of another. */
  readonly sql?: string;
  /** Must all be the same single shard when the statement runs. */
  readonly targets: readonly Target[];
  /** Proven to write nothing and lock nothing: no part in a two-phase commit, and may be asked again. */
  readonly readOnly: boolean;
  /** Its answer is another one on a standby: it asks for the server's own state. */
  readonly onPrimary?: true;
  readonly reserve?: Reservation;
  /** The plan when the targets are not one shard, or when a value is of no use for routing (`undefined`: cannot be). */
  readonly otherwise: Plan | undefined;
  /** DECLARE name CURSOR: later FETCH, MOVE and CLOSE of this name go to the same shard. */
  readonly declaresCursor?: string;
  /**
   * CREATE TEMP TABLE and the like: the name that from now on hides others of this name in this session. At the end of a
   * transaction that made or dropped one, ask the connection which are left (ROLLBACK, ON COMMIT DROP).
   */
  readonly createsTemporary?: string;
  /** DROP or RENAME of temporary tables: names that are free again. */
  readonly dropsTemporary?: readonly string[];
  /** currval, lastval: right only on the connection that the session has kept since its nextval; else SG083. */
  readonly needsReservation?: true;
  /** True when nothing but `targets` depends on the literals, so that the plan serves every text of the same shape. */
  readonly anyLiterals: boolean;
}

export interface SortKey {
  /** Position in the rows of `sql`, from 0. */
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export type CountSource =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "parameter"; readonly number: number };

/** The same query on several shards; rows are put together while they stream. */
export interface ScatterPlan {
  readonly kind: "scatter";
  readonly target: Target;
  /** Parameters are numbered as in the client's text. */
  readonly sql: string;
  /** Trailing columns of `sql` that only the merge needs; the client does not see them. Asked for in binary. */
  readonly hiddenColumns: number;
  /** Empty: rows in any order. Each key is one of the hidden columns. */
  readonly orderBy: readonly SortKey[];
  readonly limit: CountSource | undefined;
  readonly offset: CountSource | undefined;
  readonly readOnly: boolean;
}

/** Rows of the shards that the final query reads under the name `name`. */
export interface GatherInput {
  /** The final query has a common table expression of this name whose body is the marker `SELECT 'shardgres:<name>'`. */
  readonly name: string;
  readonly target: Target;
  readonly sql: string;
  /** Names of the columns of `sql`, in order; at least one. */
  readonly columns: readonly string[];
}

/** Parts run on the shards; their rows travel, undecoded, to one shard, where PostgreSQL itself finishes the query. */
export interface GatherPlan {
  readonly kind: "gather";
  readonly inputs: readonly GatherInput[];
  readonly finalSql: string;
  /** Where the final query runs: home (it also reads unsharded tables) or any (it reads only inputs and reference tables). */
  readonly finalTarget: Target;
  /** False: the final query reads nothing but inputs, so it does not matter when it runs. */
  readonly finalReadsTables: boolean;
  readonly readOnly: boolean;
}

/** UPDATE and DELETE over several shards, and every write to a reference table. */
export interface ScatterWritePlan {
  readonly kind: "scatter-write";
  readonly target: Target;
  /** undefined: the client's own text. */
  readonly sql: string | undefined;
  /** A reference table: all shards do the same; the client sees the answer of one. */
  readonly replicated: boolean;
}

/**
 * INSERT of several rows of VALUES, each to its shard: the text of a shard is head + its rows joined by "," + tail. A shard
 * returns rows (RETURNING) in the order of its part of `rows`; when as many come back as were sent, they can be given to the
 * client in the order of `rows`, as one PostgreSQL would.
 */
export interface InsertSplitPlan {
  readonly kind: "insert-split";
  readonly types: readonly ShardKeyType[];
  readonly stored?: StoredKey;
  readonly head: string;
  readonly rows: readonly { readonly text: string; readonly key: readonly ValueSource[] }[];
  readonly tail: string;
  /** The plan when a key value is of no use for routing; undefined: plan again with `ignoreKeys` (plan-input.ts). */
  readonly otherwise: Plan | undefined;
}

/** Rows of a query inserted where they belong: INSERT .. SELECT, and VALUES that only PostgreSQL can evaluate. */
export interface InsertSelectPlan {
  readonly kind: "insert-select";
  readonly source: Plan;
  /** "distributed": each row to the shard of its key. "reference": all rows to all. "home": all rows to the home shard. */
  readonly into: "distributed" | "reference" | "home";
  readonly types: readonly ShardKeyType[];
  readonly stored?: StoredKey;
  /** Position in the source's rows of each shard key column. The source gives it with the column's own type. */
  readonly keyColumns: readonly number[];
  /**
   * `INSERT INTO t (a, b) ` ... the executor puts `SELECT * FROM unnest(...)` between head and tail. Parameters in the tail
   * are numbered as in the client's text: the arrays' numbers come after the client's.
   */
  readonly head: string;
  readonly tail: string;
  /** Type names of the inserted columns, without length or precision, for the arrays. */
  readonly columnTypes: readonly string[];
  /**
   * Parsed (protocol message Parse, never executed) on the home shard before the source runs, so that PostgreSQL itself
   * finds what is wrong with the client's statement. undefined: nothing to check.
   */
  readonly checkSql?: string;
}

/** COPY .. FROM STDIN. */
export interface CopyInPlan {
  readonly kind: "copy-in";
  readonly into: "distributed" | "reference" | "home";
  readonly types: readonly ShardKeyType[];
  readonly stored?: StoredKey;
  /** Position of each shard key column among the fields of a line. */
  readonly keyColumns: readonly number[];
  readonly fieldCount: number;
  readonly format: CopyFormat;
}

export interface CopyFormat {
  readonly kind: "text" | "csv" | "binary";
  /** One byte, as a character. */
  readonly delimiter: string;
  readonly null: string;
  readonly quote: string;
  readonly escape: string;
  /** The first line holds names (and is sent to every shard that gets rows). */
  readonly header: boolean;
  /** Columns for FORCE_NOT_NULL and FORCE_NULL matter only to the shard; the shard key must not be among them. */
}

/** COPY .. TO STDOUT of rows of several shards: their CopyData one after the other. */
export interface CopyOutPlan {
  readonly kind: "copy-out";
  readonly target: Target;
  readonly sql: string | undefined;
  readonly format: CopyFormat;
  readonly readOnly: boolean;
}

/** DDL and other commands that every shard must carry out. */
export interface AllShardsPlan {
  readonly kind: "all-shards";
  /** False: PostgreSQL refuses it in a transaction block; it runs shard by shard. */
  readonly transactional: boolean;
  /** What undoes it on the shards that have done it already, when it is not transactional. */
  readonly undo: string | undefined;
  /** Text for the home shard and the others; undefined: the client's own. */
  readonly homeSql: string | undefined;
  readonly otherSql: string | undefined;
  /** Whether the catalog must be read again. */
  readonly changesCatalog: boolean;
  /** Commands for which nobody may be connected to this database: the gateway gives up its own connections first. */
  readonly database?: { readonly action: "create" | "drop" | "rename"; readonly name: string };
  /**
   * CREATE and ALTER ROLE .. PASSWORD 'text': where the string literal stands in the client's text (indexes of a
   * JavaScript string) and the password in it. It is replaced by one SCRAM verifier, the same for all shards.
   */
  readonly password?: { readonly start: number; readonly end: number; readonly text: string };
  /** ALTER ROLE and ALTER DATABASE .. SET: what new sessions begin with; `value` as in SetPlan. */
  readonly sets?: { readonly name: string; readonly value: string };
}

/** Statements that the session carries out one after the other, in one transaction; the client sees one answer. */
export interface ScriptPlan {
  readonly kind: "script";
  readonly statements: readonly string[];
  /** Command tag of the answer; "$n" stands for the row count of the last statement. */
  readonly tag: string;
}

/** create_distributed_table, create_reference_table, undistribute_table. */
export interface DistributePlan {
  readonly kind: "distribute";
  readonly action: "distribute" | "reference" | "undistribute";
  /** As the client wrote it: a name as regclass reads it. */
  readonly table: ArgumentSource;
  /** One or several columns, separated by commas. */
  readonly shardKey: ArgumentSource | undefined;
  /** Table name, "default" or "none". */
  readonly colocateWith: ArgumentSource | undefined;
  /** Name of the column of the answer. */
  readonly resultColumn: string;
}

/** The client's text, on the shard that has the decision about the transaction. */
export interface TransactionStatusPlan {
  readonly kind: "transaction-status";
  readonly gid: ArgumentSource;
}

export type ArgumentSource =
  | { readonly kind: "constant"; readonly text: string | null }
  | { readonly kind: "parameter"; readonly number: number };

export type TransactionPlan = { readonly kind: "transaction" } & (
  | { readonly action: "begin"; readonly modes: string }
  | { readonly action: "commit" | "rollback"; readonly chain: boolean }
  | { readonly action: "savepoint" | "release" | "rollback-to"; readonly name: string }
  | { readonly action: "prepare" | "commit-prepared" | "rollback-prepared"; readonly gid: string }
);

/** SET, RESET, and SELECT set_config(...) with constants. `value` is SQL text after `SET name TO`; undefined: RESET. */
export interface SetPlan {
  readonly kind: "set";
  readonly scope: "session" | "local";
  /** Lower case. "all" with `value` undefined: RESET ALL. Also: "role", "session authorization", "transaction". */
  readonly name: string;
  readonly value: string | undefined;
  /** SET TRANSACTION and SET SESSION CHARACTERISTICS are sent as they are to every shard of the transaction. */
  readonly sql: string;
}

/**
 * SELECT set_config(...) [, set_config(...)] of constants and parameters: one shard answers the client's own text, and
 * the session remembers the settings as SET would.
 */
export interface SetConfigPlan {
  readonly kind: "set-config";
  /** `local` is a boolean's text; a value of NULL resets the setting. */
  readonly settings: readonly {
    readonly name: ArgumentSource;
    readonly value: ArgumentSource;
    readonly local: ArgumentSource;
  }[];
}

/** EXPLAIN of what more than one shard does: the gateway answers these lines in one text column "QUERY PLAN". */
export interface ExplainPlan {
  readonly kind: "explain";
  readonly lines: readonly string[];
}

export type SessionPlan =
  | { readonly kind: "discard"; readonly what: "all" | "plans" | "sequences" | "temp" }
  | { readonly kind: "prepare"; readonly name: string; readonly sql: string; readonly types: readonly string[] }
  | { readonly kind: "execute"; readonly name: string; readonly arguments: readonly string[] }
  | { readonly kind: "deallocate"; readonly name: string | undefined }
  /** FETCH, MOVE, CLOSE: to the shard that has the cursor. `name` undefined: CLOSE ALL. */
  | { readonly kind: "cursor"; readonly name: string | undefined; readonly closes: boolean }
  /** SHOW shardgres.*: answered by the gateway. */
  | { readonly kind: "show"; readonly name: string };

export type Plan =
  | SingleShardPlan
  | ScatterPlan
  | GatherPlan
  | ScatterWritePlan
  | InsertSplitPlan
  | InsertSelectPlan
  | CopyInPlan
  | CopyOutPlan
  | AllShardsPlan
  | ScriptPlan
  | DistributePlan
  | TransactionStatusPlan
  | TransactionPlan
  | SetPlan
  | SetConfigPlan
  | ExplainPlan
  | SessionPlan;
