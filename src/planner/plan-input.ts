// What the planner is given for one statement: its tree, where its literals are, and what the names in it may mean.
import type { Node } from "@pgsql/types";
import type { CatalogSnapshot } from "../catalog/snapshot.ts";
import type { Normalized } from "../sql/normalize.ts";

export interface PlanInput {
  /** One statement: its tree (the node below RawStmt) and its text, without the semicolon. Locations count from 0 in UTF-8 bytes of `text`. */
  readonly statement: { readonly tree: Node; readonly text: string };
  /** Where the literals of `text` are, by slot; undefined: keys are planned as constants. */
  readonly normalized: Normalized | undefined;
  readonly catalog: CatalogSnapshot;
  /** Schemas in order, "$user" replaced by the role's name. */
  readonly searchPath: readonly string[];
  /** Names of the session's temporary tables; they hide everything else. */
  readonly temporaryTables: ReadonlySet<string>;
  /** Declared types of $1, $2, ...; 0: PostgreSQL infers it. */
  readonly parameterTypes: readonly number[];
  /** Relations that the gateway answers itself, when the name is not a real one. */
  readonly gatewayRelations: ReadonlyMap<string, GatewayRelation>;
  /**
   * True: plan as if no value could be used for routing. For a single-shard plan without `otherwise` whose values, at run
   * time, are not one shard or cannot be read: plan its text again with this, and run what comes out.
   */
  readonly ignoreKeys?: boolean;
}

export interface GatewayRelation {
  readonly columns: readonly { readonly name: string; readonly typeName: string }[];
  /** Rows as the inside of VALUES: "(1, 'a'), (2, 'b')". */
  readonly rowsSql: string;
}
