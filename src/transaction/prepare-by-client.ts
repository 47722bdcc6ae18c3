// PREPARE TRANSACTION by a client, over the shards that have written. The home shard always takes part, and comes last:
//
//   phase                       a crash here means
//   1 PREPARE on the others     roll back: there is no record at home, and the resolver makes sure of it
//   2 record + PREPARE at home  prepared if home's PREPARE is durable, else roll back
//
// From then on it is PostgreSQL's prepared transaction at home that counts (client-prepared.ts).
import { AppError } from "../base/app-error.ts";
import { clientOriginOf, clientPartGid } from "./client-prepared.ts";
import { checkOpen, commitReaders } from "./commit-participants.ts";
import { recordCommitSql } from "./commit-record.ts";
import { endOthers, explained, hasAnsweredNo } from "./commit-two-phase.ts";
import type { Coordinator } from "./coordinator.ts";
import { closeClientOrigin } from "./end-client-prepared.ts";
import { explainLoss, explainLossDuring } from "./lost-connection.ts";
import type { Participant } from "./participant.ts";

const command = "PREPARE TRANSACTION";

/**
 * `prepareSql`: the command with the client's gid, for home. `participants`: all that have begun. Rejects when nothing is
 * prepared (some may still have to be rolled back then), or with 08007 when nobody knows.
 */
export async function prepareByClient(
  prepareSql: string,
  home: Participant,
  participants: readonly Participant[],
  coordinator: Coordinator,
): Promise<void> {
  checkOpen(participants);
  const others = participants.filter((participant) => participant.wrote && participant !== home);
  if (others.length > 0) {
    await prepareSeveral(prepareSql, home, others, coordinator);
  } else {
    await home.shield();
    await home.runAudibly(prepareSql).catch((error: unknown) => {
      throw explainLossDuring(command, error);
    });
  }
  const readers = participants.filter((participant) => !participant.wrote && participant !== home);
  await commitReaders(readers, true);
}

async function prepareSeveral(
  prepareSql: string,
  home: Participant,
  others: readonly Participant[],
  coordinator: Coordinator,
): Promise<void> {
  const { clusterId, database, secret, ask } = coordinator.options;
  const xid = await home.queryText("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.xid::pg_catalog.text");
  const origin = clientOriginOf(xid, Date.now());
  const gid = clientPartGid(clusterId, origin, home.shard);
  const writers = [home, ...others].map(({ shard }) => shard);
  const recordSql = recordCommitSql(gid, writers, secret);
  const commit = {
    gid,
    keeper: home.shard,
    recordSql,
    finished: () => void closeClientOrigin(origin, coordinator.options),
  };
  await Promise.all(writers.map((shard) => ask(shard, database, "SELECT shardgres.announce($1, 0)", [origin])));

  const prepared = await Promise.allSettled(
    others.map((other) => other.runAudibly(`${recordSql}; PREPARE TRANSACTION '${gid}'`)),
  );
  const refused = prepared.find((result) => result.status === "rejected");
  if (refused !== undefined) {
    const left = others.filter((_, i) => !hasAnsweredNo(prepared[i]!));
    await endOthers(left, commit, "aborted", coordinator);
    throw explainLoss(explained(refused.reason), "transaction");
  }

  await Promise.all([home, ...others].map((participant) => participant.shield()));
  try {
    await home.runAudibly(`${recordSql}; ${prepareSql}`);
  } catch (error) {
    // Without an answer home may have prepared: then the transaction is whole, else the resolver ends the others.
    if (!(error instanceof AppError)) await endOthers(others, commit, "aborted", coordinator);
    throw explainLossDuring(command, explained(error));
  }
}
