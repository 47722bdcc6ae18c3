// Opens a connection to a standby, and makes sure that it still is one: the topology may not know yet that it has been
// promoted, or is being so.
import { ServerConnection, type ServerLogin } from "../pgclient/server-connection.ts";
import type { Shard, ShardName } from "../topology/snapshot.ts";
import { noPrimary, type OpenedPrimary, type OpenOptions } from "./open-primary.ts";

/** As openPrimary, for a shard whose "primary" is the standby. */
export async function openStandby(
  name: ShardName,
  shard: Shard | undefined,
  login: ServerLogin,
  { timeoutMs, signal }: OpenOptions,
): Promise<OpenedPrimary> {
  if (shard?.primary === undefined) throw noPrimary(`the topology has no ${name} any more`);
  const { address } = shard.primary;
  const connection = await ServerConnection.open(address, login, timeoutMs, signal);
  if (connection.parameters.get("in_hot_standby") === "off") {
    connection.close();
    throw noPrimary(`tablet "${shard.primary.name}" is no standby any more`);
  }
  return { connection, term: shard.term };
}
