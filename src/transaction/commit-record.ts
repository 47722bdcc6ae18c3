// The record that every participant of a distributed commit writes into its own part (table shardgres.commits).
import { createHash } from "node:crypto";
import { ShardError } from "../pgwire/error-fields.ts";
import type { ShardName } from "../topology/snapshot.ts";

/** The statement that writes the record; `secret` is the cluster's, and shows that a gateway has made it. */
export function recordCommitSql(gid: string, participants: readonly ShardName[], secret: string): string {
  const code = createHash("sha256")
    .update(`${secret} ${gid} ${participants.join(",")}`)
    .digest("hex");
  const names = participants.map((shard) => `'${shard}'`).join(", ");
  return `SELECT shardgres.record_commit('${gid}', ARRAY[${names}], '${code}')`;
}

/** Somebody has recorded that the transaction is aborted, because its commit took too long. */
export function isAbortedByOthers(error: unknown): boolean {
  return (
    error instanceof ShardError &&
    error.fields.code === "23505" &&
    error.raw.get("s") === "shardgres" &&
    error.raw.get("t") === "commits"
  );
}
