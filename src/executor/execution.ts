// What one run of one plan has to work with. Made by the session, used by every operator.
import type { CatalogSnapshot } from "../catalog/snapshot.ts";
import type { UserTypes } from "../catalog/user-types.ts";
import type { BoundParameters } from "../pgwire/frontend-message.ts";
import type { Shard, ShardName, Topology } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";
import type { HelpCommit } from "../transaction/patience.ts";
import type { DescriptionCache } from "./description-cache.ts";
import type { ViewKind } from "./statement-view.ts";

/** Where answers go. */
export interface ClientSink {
  /** False: wait for `drained` before writing more. */
  write(bytes: Buffer): boolean;
  /** Bytes that the client has not taken yet; while there are any, memory that was written is in use. */
  readonly pendingBytes: number;
  /** Resolves when the client has caught up; rejects when it is gone. */
  drained(): Promise<void>;
  /** Calls once when the client has caught up, or is gone. */
  onDrain(listener: () => void): void;
}

/** The statement as the client sent it, with the values of this run. */
export interface StatementRun {
  readonly text: string;
  /** Characters before `text` in what the client sent, so that error positions fit; undefined: do not report any. */
  readonly offset: number;
  readonly literals: readonly { readonly text: string }[];
  readonly parameters: BoundParameters | undefined;
  /** Types of the parameters, all known. */
  readonly parameterTypes: readonly number[];
}

/** What the client wants to see of the rows. */
export interface OutputRequest {
  /** RowDescription goes before the rows (simple query protocol). */
  readonly describe: boolean;
  /** As in Bind: none (text), one for all, or one per column. */
  readonly formats: readonly number[];
}

export interface Execution {
  readonly sink: ClientSink;
  readonly topology: Topology;
  readonly catalog: CatalogSnapshot;
  readonly userTypes: UserTypes;
  readonly statement: StatementRun;
  readonly output: OutputRequest;
  /** False: a part of `statement`, the source of an INSERT, say. */
  readonly isWholeStatement: boolean;
  readonly descriptions: DescriptionCache;
  /** Whatever the meaning of a text depends on besides the text: database, catalog version, search path, role. */
  readonly scope: string;
  /** A gather that would move more rows than this is refused. */
  readonly maxGatheredRows: number;
  /** Aborted when the statement shall stop; those that work on a shard are cancelled besides. */
  readonly signal?: AbortSignal;
  /** How a query sees so many shards together, in so many questions. Throws a refusal where that cannot be had. */
  viewKind(shards: number, questions: number): ViewKind;
  /** See transaction/patience.ts. */
  readonly helpCommit: HelpCommit;
  /** A connection to this shard: of the open transaction, or for this statement alone. */
  participant(shard: ShardName): Promise<Participant>;
  /** Resolves when all of them have a primary, as far as is known. Rejects as `participant` does. */
  untilReachable?(shards: readonly ShardName[]): Promise<void> | undefined;
  /** Shards that the transaction uses already. */
  joined(): Iterable<ShardName>;
}

/** Types of the client's parameters with the object ids that they have on this shard. */
export function parameterTypesAt({ statement, userTypes }: Execution, shard: ShardName): readonly number[] {
  return statement.parameterTypes.map((typeOid) => userTypes.toShard(shard, typeOid));
}

/** In the order of their ordinals, which is the order in which every statement takes connections. */
export function allShards(topology: Topology): Shard[] {
  return [...topology.shards.values()].sort((a, b) => a.ordinal - b.ordinal);
}
