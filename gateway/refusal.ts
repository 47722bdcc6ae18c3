// A statement that the gateway refuses may be wrong for PostgreSQL as well; then PostgreSQL's own error says more.
import { ShardError } from "../src/pgwire/error-fields.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Session } from "./session.ts";
import { StatementLeases } from "./statement-leases.ts";

/** Names that no shard knows. */
const ownNames = /shardgres|create_distributed_table|create_reference_table|undistribute_table/i;

/** The error that the client shall see for `text`. Never rejects. */
export async function errorOf(session: Session, text: string, error: unknown): Promise<unknown> {
  const isRefusal = error instanceof SqlError && error.fields.code === "0A000" && error.message.includes("[SG");
  if (!isRefusal || ownNames.test(text) || session.transaction.status === "failed") return error;
  const leases = new StatementLeases(session);
  try {
    const home = await leases.participant(session.topology.home);
    await session.gateway.descriptions.describe(session.planScope, text, [], home);
    return error;
  } catch (reason) {
    return reason instanceof ShardError && isMistake(reason) ? reason : error;
  } finally {
    leases.release();
  }
}

/** Class 42: syntax error or access rule violation; 0A000: what PostgreSQL itself does not do. */
function isMistake({ fields }: ShardError): boolean {
  return fields.code.startsWith("42") || fields.code === "0A000";
}
