// Settings that the gateway keeps for itself, because no shard could, or none need know.

/**
 * How long a session may be idle: a connection to a shard is idle for other reasons than its session. Where a session has
 * such a limit, shards are told that there is none.
 */
const limitsOfSessions = ["idle_in_transaction_session_timeout", "idle_session_timeout"];

/** What only a gateway can do. Shards are not told of them at all. */
export const unknownToShards: ReadonlySet<string> = new Set([
  "shardgres.hold_timeout",
  "shardgres.max_standby_lag",
  "shardgres.read_from",
]);

export const keptByGateway: ReadonlySet<string> = new Set([...limitsOfSessions, ...unknownToShards]);
