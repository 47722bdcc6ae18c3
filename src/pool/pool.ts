// Where statements meet connections. A caller says what its statement needs; the pool decides on which connection it
// travels, and lets them wait while the shard has no primary.
import type { AnswerHandler } from "../pgclient/answer-handler.ts";
import type { NeededStatement, ServerConnection, ServerLogin } from "../pgclient/server-connection.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { ReadOptions } from "./read-options.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Which connections serve a session: role and database at every shard, and the settings in force there. */
export interface Traveller {
  readonly login: ServerLogin;
  /** Equal for equal logins; logins with different secrets never share a connection. */
  readonly loginKey: string;
  readonly settings: SessionSettings;
  /** How long it waits for a primary, where there is none; undefined: as the pool thinks right. */
  readonly holdTimeoutMs?: number | undefined;
}

/** A request that is alone in its transaction and leaves no state behind: it may share a connection with others. */
export interface Submission {
  readonly shard: ShardName;
  readonly traveller: Traveller;
  /** Complete messages, sent in one write. */
  readonly bytes: Buffer | readonly Buffer[];
  /** ReadyForQuery messages that the answer has. */
  readonly syncs: number;
  readonly needs: readonly NeededStatement[];
  readonly handler: SubmissionHandler;
  /** Aborted while there is no connection yet: the handler is told that the request is lost, with the reason as cause. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubmissionHandler extends AnswerHandler {
  /** The request is on its way; from now on `connection` may be paused, resumed or cancelled. */
  sent(connection: ServerConnection): void;
}

/** A connection that belongs to one caller until it is released. */
export interface Lease {
  readonly shard: ShardName;
  readonly connection: ServerConnection;
  /** It is to a standby, by this name, and takes part in no commit; undefined: to the primary. */
  readonly standby?: string | undefined;
  /** Tells the pool what the caller has changed. */
  settings: SessionSettings;
  /** Called when the connection is lost while the lease is held, behind the handlers of its requests. */
  onLost(listener: () => void): void;
  /** Gives it back; one that is not idle, or is broken, is closed. */
  release(): void;
  /** Ends it: it has state that nobody else may see. */
  discard(): void;
}

export interface AcquireOptions {
  /** Who has to wait gives up when it is aborted, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** The caller holds a connection to another shard already, so it may go beyond the usual limit: else callers could
   * wait for each other in a circle. */
  readonly holdsOthers?: boolean;
  /** One that is opened now: whether the server still takes connections is of interest. */
  readonly isFresh?: boolean;
  /** The caller has waited for a primary before, since this moment (as of Date.now()). */
  readonly heldSince?: number | undefined;
  /** The connection is for reads only, and may be to a standby; it need not be. */
  readonly read?: ReadOptions | undefined;
  /** Standbys (see `standbyKey`) that have failed this read already; who comes to fail it now is added. */
  readonly failed?: Set<string> | undefined;
}

export interface Pool {
  submit(submission: Submission): void;
  /** The shard has no primary at present, as far as is known, or is about to get another one: whoever acquires will wait. */
  isHeld(shard: ShardName): boolean;
  /** Rejects with SqlError or ShardError. */
  acquire(shard: ShardName, traveller: Traveller, options?: AcquireOptions): Promise<Lease>;
}
