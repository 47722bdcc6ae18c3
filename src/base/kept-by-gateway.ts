// Settings that the gateway keeps for itself, because no shard could: how long a session may be idle. A connection to a
// shard is idle for other reasons than its session. Where a session has such a limit, shards are told that there is none.

export const keptByGateway: ReadonlySet<string> = new Set([
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
]);
