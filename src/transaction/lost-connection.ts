// What a client is told when a connection that worked for it is lost. It depends on what was at stake: a read may be
// tried again, an open transaction is gone, and of what was about to be committed nobody knows whether it was.
//
// Where PostgreSQL itself has said why it ends the connection (FATAL), nothing is unknown: it does so where it looks for
// interrupts, and these are held off from the moment when a commit is written until it is complete. A session that is
// ended while its commit waits for a standby is told by a WARNING, and then nothing any more; so is one that is ended
// by a crash or an immediate shutdown; a PANIC says nothing about the commit either.
import { ConnectionLost, type ServerIdentity } from "../pgclient/connection-lost.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { SqlError } from "../pgwire/sql-error.ts";

/** read: nothing. transaction: what it has done, for it is not committed. outcome: it was sent together with its commit. */
export type Stake = "read" | "transaction" | "outcome";

const adminShutdown = "57P01";

/** FATAL errors that PostgreSQL raises where it looks for interrupts (ProcessInterrupts in tcop/postgres.c). */
const saidInTime = new Set([adminShutdown, "57P04", "57P05", "25P03", "25P04", "40001"]);

/** Another error than the loss of a connection comes back as it is. */
export function explainLoss(error: unknown, stake: Stake): unknown {
  if (!(error instanceof ConnectionLost)) return error;
  const code = farewellOf(error);
  if (code !== undefined && saidInTime.has(code)) return error;
  const isSent = error.retry !== "safe";
  const explained =
    stake === "transaction" ? transactionLost() : stake === "outcome" && isSent ? outcomeUnknown() : readLost();
  return new LossExplained(explained, error, stake);
}

/** What the client is told of a lost connection; remembers which. */
class LossExplained extends SqlError {
  readonly lost: ConnectionLost;
  readonly stake: Stake;

  constructor({ fields }: SqlError, lost: ConnectionLost, stake: Stake) {
    super(fields);
    this.lost = lost;
    this.stake = stake;
  }
}

/** The loss of a connection to which nothing was sent, for a statement that has been carried out elsewhere. */
export function asSent(error: unknown): unknown {
  return error instanceof ConnectionLost ? new ConnectionLost(error.cause, "never", error.server) : error;
}

/** What has become of a statement whose connection was lost. */
export interface Fate {
  /** undone: no matter how far it had come. ended: the same, and PostgreSQL has said why (57P01). */
  readonly kind: "not-sent" | "undone" | "ended" | "unknown";
  readonly server: ServerIdentity | undefined;
}

/** `error`: as it came, or explained. undefined: it says nothing of a lost connection, or of one that was ended on purpose. */
export function fateOf(error: unknown): Fate | undefined {
  const lost = error instanceof LossExplained ? error.lost : error;
  if (!(lost instanceof ConnectionLost)) return undefined;
  const { server } = lost;
  if (lost.retry === "safe") return { kind: "not-sent", server };
  const code = farewellOf(lost);
  if (code === adminShutdown) return { kind: "ended", server };
  if (code !== undefined && saidInTime.has(code)) return undefined;
  const isUndone = error instanceof LossExplained && error.stake === "transaction";
  return { kind: isUndone ? "undone" : "unknown", server };
}

/** SQLSTATE of the FATAL error that the server has sent before it closed the connection. */
function farewellOf({ cause }: ConnectionLost): string | undefined {
  return cause instanceof ShardError && cause.fields.severity === "FATAL" ? cause.fields.code : undefined;
}

/** Nobody knows whether what was sent is committed. */
export function isOutcomeUnknown(error: unknown): error is SqlError {
  return error instanceof SqlError && error.fields.code === "08007";
}

/** For the three commands about what clients prepare: there PostgreSQL's own list tells the outcome. */
export function explainLossDuring(command: string, error: unknown): unknown {
  const explained = explainLoss(error, "outcome");
  if (explained === error || !isOutcomeUnknown(explained)) return explained;
  return new SqlError({
    code: "08007",
    message: `connection to a shard was lost during ${command}; its outcome is unknown`,
    hint: "See whether pg_prepared_xacts lists the transaction.",
  });
}

export function transactionLost(): SqlError {
  return new SqlError({
    code: "08006",
    message: "the connection to a shard of this transaction was lost",
    hint: "The transaction is rolled back. It may be tried again.",
  });
}

function readLost(): SqlError {
  return new SqlError({
    code: "08006",
    message: "the connection to a shard was lost",
    hint: "The statement may be tried again.",
  });
}

/** transaction_resolution_unknown. */
function outcomeUnknown(): SqlError {
  return new SqlError({
    code: "08007",
    message: "connection to a shard was lost during commit; the outcome of the transaction is unknown",
    hint: "Look at the data before you try again: what was sent may have been committed.",
  });
}
