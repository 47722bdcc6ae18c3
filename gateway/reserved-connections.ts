// Connections that stay with a session, because they have state of it: temporary tables, LISTEN, cursors. When one is lost so
// is the state, and the session ends, as it does where PostgreSQL loses it.
import { ShardError } from "../src/pgwire/error-fields.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Lease } from "../src/pool/pool.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import type { Participant } from "../src/transaction/participant.ts";
import type { Session } from "./session.ts";
import type { StatementLeases } from "./statement-leases.ts";

/** From now on this connection stays with the session. */
export function reserve(session: Session, shard: ShardName, participant: Participant, leases: StatementLeases): void {
  participant.cannotPrepare = true;
  if (session.reserved.has(shard)) return;
  const { lease } = participant;
  session.reserved.set(shard, lease);
  leases.keep(shard);
  lease.connection.onNotification((message) => session.client.write(Buffer.from(message)));
  lease.onLost(() => {
    session.lost ??= endOfReserved(lease);
    // What is under way may be committed, or have been: the client is told that first.
    if (!session.isBusy) session.fatal(session.lost);
  });
}

/** What the server has said, or else what can be said of it. */
export function endOfReserved({ connection }: Lease): SqlError {
  const cause = connection.lostBefore?.cause;
  if (cause instanceof ShardError) {
    const { code, message, detail, hint } = cause.fields;
    return new SqlError({ severity: "FATAL", code, message, detail, hint });
  }
  return new SqlError({
    severity: "FATAL",
    code: "08006",
    message: "the connection to a shard was lost",
    detail: "The session had temporary tables there, or a cursor, or LISTEN.",
  });
}
