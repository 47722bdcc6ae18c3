// A statement as the planner sees it: levels (one for each SELECT, VALUES, set operation or data-modifying statement),
// the sources of rows in each, and what is known about them. Made by `analyze`, read by everything else. Every reference
// to a common table expression or a view has its own copy of the levels inside, for its rows are rows of its own.
import type { ColumnRef, CommonTableExpr, FuncCall, Node, RangeVar, SortBy } from "@pgsql/types";
import type { Relation } from "../../catalog/snapshot.ts";
import type { ShardKeyType } from "../../sharding/shard-key-type.ts";
import type { Region } from "./region.ts";
import type { Variable } from "./variable.ts";

/** Where rows of a relation live, as far as routing is concerned. */
export type Residence =
  | "distributed"
  | "reference"
  /** Unsharded tables, system catalogs, and names that the catalog does not know: the home shard answers for them. */
  | "home"
  | "temporary"
  /** Answered by the gateway: its rows are written into the query. */
  | "gateway";

export interface SourceColumn {
  readonly name: string;
  readonly variable: Variable;
}

interface SourceBase {
  /** Name by which columns refer to it; undefined: none (a join or subquery without alias). */
  readonly alias: string | undefined;
  /** undefined: not known (functions, system catalogs). */
  readonly columns: readonly SourceColumn[] | undefined;
  /** Where it stands. */
  readonly region: Region;
  readonly level: Level;
  /** What the statement reads of it. */
  readonly uses: Uses;
}

export interface Uses {
  readonly columns: Set<SourceColumn>;
  /** `*`, or the row as one value, or columns that are not known by name. */
  all: boolean;
  /** The row as one value: `SELECT t FROM t`. */
  row: boolean;
  /** ctid, tableoid and the like. */
  systemColumns: boolean;
}

export interface TableSource extends SourceBase {
  readonly kind: "table";
  readonly residence: Residence;
  readonly relation: Relation | undefined;
  readonly node: RangeVar;
  /** The item of FROM: a RangeVar, or the RangeTableSample of one. */
  readonly item: Node;
  /** Variables of the shard key; empty unless distributed. */
  readonly keys: readonly Variable[];
  readonly colocationGroup: number;
}

export interface SubquerySource extends SourceBase {
  readonly kind: "subquery";
  readonly body: Level;
  /** The node in FROM: RangeSubselect, or RangeVar of a common table expression or a view. */
  readonly node: object;
  readonly via: "subselect" | "cte" | "view";
  readonly cte: CommonTableExpr | undefined;
  readonly view: Relation | undefined;
  /** True: its joins and facts are part of the level around it, as PostgreSQL pulls up simple subqueries. */
  readonly isDissolved: boolean;
}

export interface OtherSource extends SourceBase {
  /** "recursive": the name of a recursive common table expression, inside of itself. "written": one that modifies data. */
  readonly kind: "function" | "recursive" | "written";
  readonly node: object;
}

export type Source = TableSource | SubquerySource | OtherSource;

/** FROM as a tree; an item of FROM and the sides of a join. */
export type JoinTree =
  | { readonly kind: "source"; readonly source: Source }
  | {
      readonly kind: "join";
      readonly type: "inner" | "left" | "right" | "full";
      readonly left: JoinTree;
      readonly right: JoinTree;
      readonly region: Region;
      /** FULL JOIN: what its condition says, valid only for pairs; and its merged columns. */
      readonly pairs: Region | undefined;
      readonly merged: readonly { readonly left: Variable; readonly right: Variable; readonly merged: Variable }[];
    };

/** "above": the select list, GROUP BY, HAVING, ORDER BY and so on. */
export type LevelPart = "from" | "where" | "above";

export interface Sublink {
  readonly body: Level;
  readonly node: object;
  /** The region in whose rows it is evaluated. */
  readonly region: Region;
  readonly part: LevelPart;
}

export interface Output {
  readonly name: string;
  /** undefined: computed, or not known. */
  readonly variable: Variable | undefined;
  readonly typeOid: number | undefined;
  /** A column of `*` is given as a reference of its own. undefined: not a select list's. */
  readonly expression: Node | undefined;
}

export interface Level {
  readonly kind: "select" | "values" | "set-operation" | "insert" | "update" | "delete" | "merge";
  /** SelectStmt, InsertStmt, UpdateStmt, DeleteStmt, MergeStmt. */
  readonly node: object;
  readonly parent: Level | undefined;
  /** Of its inner-joined sources, WHERE and everything above them. */
  readonly region: Region;
  readonly joins: JoinTree[];
  /** All sources in `joins`, and the target of a data-modifying statement first. */
  readonly sources: Source[];
  readonly sublinks: Sublink[];
  /** Of a set operation: its two sides. */
  readonly branches: Level[];
  /** Data-modifying common table expressions of its WITH. */
  readonly writes: Level[];
  /** Calls of aggregates that belong to this level. */
  readonly aggregates: object[];
  /** Function calls in it, not in the levels below. */
  readonly calls: FuncCall[];
  /** Whether one of them is volatile. */
  hasVolatile: boolean;
  /** Parts in which the time or something of one server is asked for; see steadiness.ts. */
  readonly times: Set<LevelPart>;
  readonly serverCalls: Set<LevelPart>;
  /** ORDER BY. */
  readonly sort: { readonly term: Term; readonly node: SortBy }[];
  /** undefined: not known (there is a `*` over unknown columns). */
  outputs: readonly Output[] | undefined;
  shape: Shape;
  /** Whether it uses variables of levels around it. */
  isCorrelated: boolean;
  /** The query of a recursive common table expression that names itself. */
  isRecursive: boolean;
}

/** What a level does with the rows of its FROM and WHERE. */
export interface Shape {
  readonly hasAggregates: boolean;
  /** GROUP BY, ordinals and output names resolved; undefined: no GROUP BY. */
  readonly groupBy: readonly Term[] | undefined;
  /** Every expression in GROUP BY, also inside of grouping sets, by its node. */
  readonly groupTerms: ReadonlyMap<Node, Term>;
  /** ROLLUP, CUBE, GROUPING SETS, or an empty set. */
  readonly hasGroupingSets: boolean;
  readonly hasHaving: boolean;
  readonly distinct: "none" | "all" | { readonly on: readonly Term[] };
  /** PARTITION BY of every window used. */
  readonly windows: readonly (readonly Term[])[];
  readonly hasLimit: boolean;
  readonly hasLocking: boolean;
}

/** An expression of GROUP BY and the like; `variable` when it is a plain column. */
export interface Term {
  readonly variable: Variable | undefined;
  /** undefined: a column out of `*`, named by its number. */
  readonly node: Node | undefined;
}

/** What a column reference means. */
export type Resolution =
  /** `level` is the one whose source it is. */
  | { readonly kind: "column"; readonly variable: Variable; readonly source: Source | undefined; readonly level: Level }
  /** The row of a source, or its columns (`t.*`). */
  | { readonly kind: "row"; readonly source: Source | undefined; readonly isStar: boolean; readonly level: Level }
  | { readonly kind: "system-column"; readonly source: Source; readonly level: Level }
  /** `*` without a table. */
  | { readonly kind: "star" }
  | { readonly kind: "unknown" };

export interface Analysis {
  readonly root: Level;
  /** Every relation that the statement reads or writes, as often as it is named (or reached through a view). */
  readonly tables: readonly TableSource[];
  /** Levels in the order in which they were met. */
  readonly levels: readonly Level[];
  /** Of references inside a view or a common table expression used several times: the last copy's. */
  readonly resolutions: ReadonlyMap<ColumnRef, Resolution>;
  readonly calls: readonly FuncCall[];
  readonly locks: boolean;
  /** INSERT, UPDATE, DELETE or MERGE anywhere. */
  readonly modifies: boolean;
  /** Whether what was found depends on the value of a literal (other than as a value of a shard key): GROUP BY 1. */
  readonly readsLiterals: boolean;
  /** Whether parameter n surely has a type of this family. */
  readonly isCertainParameter: (parameter: number, family: ShardKeyType) => boolean;
  /** Names of relations that neither the catalog nor the session knows. */
  readonly unknownRelations: readonly string[];
}
