// Prepared statements and portals of a session, by the client's names.
import type { BindMessage } from "../src/pgwire/frontend-message.ts";
import type { Field } from "../src/pgwire/row-description.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import type { SharedStatement } from "./shared-statements.ts";

export interface Prepared {
  readonly shared: SharedStatement;
  /** Its Parse was sent on in a message series that failed, so nobody knows whether it exists; Parse may repeat it. */
  isUncertain: boolean;
  /** The columns that the client was told by Describe, and the catalog that they were right for. */
  told?: { readonly fields: readonly Field[]; readonly catalogVersion: number };
}

export interface Portal {
  readonly prepared: Prepared;
  readonly bind: BindMessage;
  /** The shard whose connection has this portal; undefined: the gateway runs it itself. */
  shard: ShardName | undefined;
  /** Rows that the gateway holds for a client which fetches them bit by bit. */
  held: HeldRows | undefined;
}

export interface HeldRows {
  readonly fields: readonly Field[];
  /** Whole DataRow messages. */
  rows: Buffer;
  /** Command tag of all rows together. */
  readonly tag: string;
}
