// `shardgres shards`: what the tablets' agents say of themselves, and planned switchovers.
import { resolve } from "node:path";
import { type AgentClient, agentClient } from "../agent-api/agent-client.ts";
import { tlsFilesIn } from "../agent-api/tls-files.ts";
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { certificatesDirectory } from "../local/certificates.ts";
import type { Shard, Topology } from "../topology/snapshot.ts";
import type { TopologyStore } from "../topology/store.ts";
import { watchTopology } from "../topology/watch-topology.ts";
import { askTablets } from "./ask-tablets.ts";
import type { Command } from "./command.ts";
import { openTopologyStore } from "./open-cluster.ts";
import { isSound } from "./shard-problems.ts";
import { parseShardsOptions, type ShardsOptions, shardsHelp } from "./shards-options.ts";
import { shardsJson, shardsText } from "./shards-report.ts";
import { switchOver } from "./switch-over.ts";

export const shards: Command = {
  name: "shards",
  summary: "show how tablets are, and why; switch a primary over",
  help: shardsHelp,
  run,
};

/** How long failover may take to end what a switchover has begun. */
const unfinishedLimitMs = 30_000;

async function run(args: readonly string[]): Promise<number> {
  const options = parseShardsOptions(args);
  const { store, topology } = await openTopologyStore(options.place);
  const client = agentClient({ tls: tlsFilesIn(certificatesOf(options), "admin") });
  try {
    const chosen = shardsOf(topology, options);
    if (options.kind === "status") return await status(chosen, client, options);
    return await switchover(chosen[0]!, client, store, options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "no-certificate") throw error;
    const hint = "`shardgres local` makes it when it starts; only who runs the cluster may read it.";
    throw new AppError(error.code, error.message, { hint, cause: error });
  } finally {
    client.close();
  }
}

async function status(
  chosen: readonly Shard[],
  client: AgentClient,
  options: ShardsOptions & { readonly kind: "status" },
): Promise<number> {
  const views = await Promise.all(chosen.map((shard) => askTablets(client, shard)));
  process.stdout.write(options.json ? shardsJson(views) : shardsText(views, options));
  return views.every(isSound) ? 0 : 1;
}

async function switchover(
  shard: Shard,
  client: AgentClient,
  store: TopologyStore,
  { to, force, drainMs }: ShardsOptions & { readonly kind: "switchover" },
): Promise<number> {
  const request = { ...(to !== undefined && { to }), force, ...(drainMs !== undefined && { drainMs }) };
  const changes = () => watchTopology(store, AbortSignal.timeout(unfinishedLimitMs));
  process.stdout.write(`${await switchOver(shard, request, { client, changes })}\n`);
  return 0;
}

function certificatesOf({ place, certificates }: ShardsOptions): string {
  if (certificates !== undefined) return resolve(certificates);
  assert(place.kind === "local", "only a local cluster has a directory of its own");
  return certificatesDirectory(resolve(place.dataDir));
}

/** Throws AppError "no-shard" for one that is not there, and for none where one has to be named. */
function shardsOf({ shards }: Topology, { kind, shard }: ShardsOptions): Shard[] {
  const all = [...shards.values()];
  const hint = `The shards are ${[...shards.keys()].join(", ")}.`;
  if (shard === undefined) {
    if (kind === "status" || all.length === 1) return all;
    throw new AppError("no-shard", "which shard? there are several: --shard SHARD", { hint });
  }
  const found = all.filter(({ name }) => name === shard);
  if (found.length === 0) throw new AppError("no-shard", `there is no shard "${shard}"`, { hint });
  return found;
}
