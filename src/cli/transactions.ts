// `shardgres transactions`: shows what is prepared on the shards, and ends what has been left in doubt.
import { AppError } from "../base/app-error.ts";
import { describeError } from "../base/describe-error.ts";
import { parseGid } from "../transaction/gid.ts";
import { listTransactions, type TransactionList } from "../transaction/list-transactions.ts";
import { type PreparedTransaction, preparedOnShard } from "../transaction/prepared-transactions.ts";
import { resolvePart } from "../transaction/resolve.ts";
import type { Command } from "./command.ts";
import { type OpenCluster, openCluster } from "./open-cluster.ts";
import { parseTransactionsOptions, transactionsHelp } from "./transactions-options.ts";
import { listJson, listText, resolutionText } from "./transactions-report.ts";

export const transactions: Command = {
  name: "transactions",
  summary: "show and end transactions over several shards",
  help: transactionsHelp,
  run,
};

/** Younger ones are most likely under way; ending them would roll them back. */
const patienceSeconds = 2;

async function run(args: readonly string[]): Promise<number> {
  const options = parseTransactionsOptions(args);
  const cluster = await openCluster(options.place, options.passwordFile);
  try {
    return await (options.kind === "list" ? list(cluster, options.json) : resolve(cluster, options.gid));
  } finally {
    await cluster.admin.close();
  }
}

async function list({ topology, admin }: OpenCluster, json: boolean): Promise<number> {
  const { clusterId, shards } = topology;
  const found = await listTransactions({ clusterId, shards: shards.keys(), ask: admin.query });
  process.stdout.write(json ? listJson(found.transactions) : listText(found.transactions, found.silent.length === 0));
  return complain(found.silent);
}

async function resolve({ topology, admin }: OpenCluster, gid: string | undefined): Promise<number> {
  const { clusterId, shards } = topology;
  const isOurs = (id: string) => parseGid(id)?.clusterId === clusterId;
  if (gid !== undefined && !isOurs(gid)) {
    throw new AppError("not-ours", `${gid} is not a transaction of Shardgres in this cluster`, {
      hint: "What a client has prepared is ended by COMMIT PREPARED or ROLLBACK PREPARED.",
    });
  }
  const silent: TransactionList["silent"][number][] = [];
  const parts: PreparedTransaction[] = [];
  for (const shard of shards.keys()) {
    try {
      parts.push(...(await preparedOnShard(admin.query, shard)).prepared);
    } catch (reason) {
      silent.push({ shard, reason });
    }
  }
  const asked = parts.filter((part) =>
    gid === undefined ? isOurs(part.gid) && part.ageSeconds >= patienceSeconds : part.gid === gid,
  );
  let isAllDone = true;
  for (const part of asked) {
    const resolution = await resolvePart(part, { ask: admin.query });
    if (resolution === undefined) {
      process.stdout.write(`${part.gid}\n  on ${part.shard}: prepared by a client, who is to end it\n`);
      continue;
    }
    if (resolution.outcome === undefined) isAllDone = false;
    process.stdout.write(resolutionText(resolution, describeError(resolution.reason).message));
  }
  if (asked.length === 0 && silent.length === 0) {
    process.stdout.write(gid === undefined ? "nothing is in doubt\n" : `${gid} is not prepared on any shard\n`);
  }
  const code = complain(silent);
  return isAllDone ? code : 1;
}

/** Tells of shards that did not answer. */
function complain(silent: TransactionList["silent"]): number {
  for (const { shard, reason } of silent) {
    process.stderr.write(`error: shard ${shard} does not answer: ${describeError(reason).message}\n`);
  }
  if (silent.length === 0) return 0;
  process.stderr.write("hint: Is the cluster running? What is prepared there is not known.\n");
  return 1;
}
