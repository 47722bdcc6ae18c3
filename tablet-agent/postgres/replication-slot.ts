// The physical slot of a standby on its source: WAL is kept from before the clone begins until the standby has it.
import { AppError } from "../../src/base/app-error.ts";
import { ShardError } from "../../src/pgwire/error-fields.ts";
import type { ReplicationConnection } from "./replication-connection.ts";

const duplicateObject = "42710";

/**
 * Makes the slot, or takes the one that an earlier try has made, unless the source has given up its WAL: then it is made
 * anew. Throws AppError "invalid-slot-name", or ShardError for what the source refuses.
 */
export async function reserveSlot(connection: ReplicationConnection, name: string): Promise<void> {
  // ReplicationSlotValidateName in slot.c.
  if (!/^[a-z0-9_]{1,63}$/.test(name)) {
    throw new AppError("invalid-slot-name", `${JSON.stringify(name)} cannot be the name of a replication slot`);
  }
  const create = `CREATE_REPLICATION_SLOT ${name} PHYSICAL (RESERVE_WAL)`;
  try {
    await connection.rows(create);
    return;
  } catch (error) {
    if (!(error instanceof ShardError && error.fields.code === duplicateObject)) throw error;
  }
  const [slot] = await connection.rows(`READ_REPLICATION_SLOT ${name}`);
  const restartLsn = slot?.[1] ?? null;
  if (restartLsn !== null) return;
  await connection.rows(`DROP_REPLICATION_SLOT ${name}`);
  await connection.rows(create);
}
