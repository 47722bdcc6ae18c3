// Where statements meet connections. A caller says what its statement needs; the pool decides on which connection it
// travels. Sharing connections, holding statements during a switch and reading from standbys happen behind this
// interface, so callers do not change when they come.
import type { AnswerHandler } from "../pgclient/answer-handler.ts";
import type { NeededStatement, ServerConnection, ServerLogin } from "../pgclient/server-connection.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Which connections serve a session: role and database at every shard, and the settings in force there. */
export interface Traveller {
  readonly login: ServerLogin;
  /** Equal for equal logins; logins with different secrets never share a connection. */
  readonly loginKey: string;
  readonly settings: SessionSettings;
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
}

export interface Pool {
  submit(submission: Submission): void;
  /** Rejects with SqlError or ShardError. */
  acquire(shard: ShardName, traveller: Traveller, options?: AcquireOptions): Promise<Lease>;
}
