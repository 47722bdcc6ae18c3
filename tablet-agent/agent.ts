// The life of a tablet: take the directory, say in the topology where it is, go the rounds until asked to stop.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { agentClient } from "../src/agent-api/agent-client.ts";
import type { AgentEvent } from "../src/agent-api/agent-event.ts";
import type { TlsFiles } from "../src/agent-api/tls-files.ts";
import { AppError } from "../src/base/app-error.ts";
import { backoff } from "../src/base/backoff.ts";
import { delayUnlessAborted } from "../src/base/delay.ts";
import type { Log } from "../src/base/log.ts";
import { postgresVersion } from "../src/base/postgres-version.ts";
import { ClaimedError, claimDirectory, type ProcessClaim } from "../src/base/process-claim.ts";
import { changeShard, getShard } from "../src/topology/change-shard.ts";
import { leaseCandidate } from "../src/topology/lease-candidate.ts";
import { openStore, parseStorePlace } from "../src/topology/open-store.ts";
import { parseReach, reachAsSaid } from "../src/topology/reach.ts";
import type { Tablet } from "../src/topology/snapshot.ts";
import type { TopologyStore } from "../src/topology/store.ts";
import { withTablet } from "../src/topology/with-tablet.ts";
import { agentStory } from "./agent-story.ts";
import { agentVerbs } from "./agent-verbs.ts";
import { startAgentServer } from "./api/agent-server.ts";
import { decisionLog } from "./api/decision-log.ts";
import { patience } from "./ha/patience.ts";
import { type LeaseWatch, watchLease } from "./lease-watch.ts";
import { Loop } from "./loop.ts";
import type { AgentOptions } from "./options.ts";
import { watchPeers } from "./peers.ts";
import { stopLeftovers } from "./postgres/stop-leftovers.ts";
import { tabletServer } from "./postgres/tablet-server.ts";
import { versionProblem } from "./postgres/version-problem.ts";
import { keepSettings } from "./settings/keep-settings.ts";
import { primaryRoom } from "./settings/primary-room.ts";
import { openProvenSettings } from "./settings/proven-settings.ts";
import { TabletSettings } from "./settings/tablet-settings.ts";
import { watchSettings } from "./settings/wanted-settings.ts";
import { watchShard } from "./shard-watch.ts";
import { TabletPostgres } from "./tablet-postgres.ts";
import { createTabletState, newTabletState, openTabletState, type TabletStateFile } from "./tablet-state.ts";
import { type Place, placeOf } from "./volume/place.ts";
import { removeLocks } from "./volume/remove-locks.ts";
import { takeVolume, type Volume } from "./volume/take-volume.ts";

export interface AgentContext {
  readonly log: Log;
  readonly emit: (event: AgentEvent) => void;
  /** Asks the agent to stop; PostgreSQL is shut down fast, or smart for a while. */
  readonly stop: AbortSignal;
  /** After `stop`: PostgreSQL is shut down immediately. */
  readonly hurry: AbortSignal;
}

/** How long an agent before this one, whose launcher has died, may take to stop. */
const predecessorLimitMs = 20_000;
const leaseSeconds = 6;

/** Ends what an earlier agent has left running. */
export async function stopTabletLeftovers(directory: string, { stop, log }: AgentContext): Promise<void> {
  const claim = await takeDirectory(directory, stop);
  try {
    await endLeftovers(await realpath(directory), log);
  } finally {
    await claim.release();
  }
}

/** Resolves when asked to stop and PostgreSQL has ended. */
export async function runAgent(options: AgentOptions, context: AgentContext): Promise<void> {
  const { volumeLeaseSeconds: leaseSeconds, fenceCommand, tablet } = options;
  const place = placeOf(options.machine);
  // Pids mean nothing to agents elsewhere: what they have claimed is another claim.
  const claimName = leaseSeconds === undefined ? "agent" : `agent-${shortHash(place.name)}`;
  const claim = await takeDirectory(options.directory, context.stop, claimName);
  try {
    const directory = await realpath(options.directory);
    const { leases } = openStore(parseStorePlace(options.topology));
    const { stop, log } = context;
    const volume = await takeVolume({ directory, tablet, place, leaseSeconds, fenceCommand, leases, stop, log });
    try {
      await endLeftovers(directory, log);
      await removeLocks(directory);
      const hurry = AbortSignal.any([context.hurry, volume.lost]);
      await run(
        { ...options, directory },
        { ...context, stop: AbortSignal.any([stop, volume.lost]), hurry },
        volume,
        place,
      );
    } finally {
      await volume.release();
    }
    volume.check();
  } finally {
    await claim.release();
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

async function run(options: AgentOptions, context: AgentContext, volume: Volume, place: Place): Promise<void> {
  const { shard, tablet: self, directory, pgBin } = options;
  const { log, emit, stop } = context;
  const now = () => performance.now();
  const store = openStore(parseStorePlace(options.topology));
  const { reachFile } = options;
  const reach = reachFile === undefined ? reachAsSaid : parseReach(await readFile(reachFile, "utf8"), reachFile);
  const version = await postgresVersion(pgBin);
  const problem = versionProblem(version.text);
  if (problem !== undefined) log.warn(problem);
  const password = (await readFile(options.passwordFile, "utf8")).trim();
  const { rolesFile, authentication, fsync, postgres: listen } = options;
  const proven = await openProvenSettings(directory, log);
  const server = await tabletServer({
    ...{ tablet: self, directory, pgBin, version, rolesFile, authentication, password, listen, fsync, log },
    ...{ tls: undefined, settings: proven.settings },
    place: options.volumeLeaseSeconds === undefined ? undefined : place.name,
  });
  const hasData = await server.hasData();
  const state = guarded((await openTabletState(directory)) ?? (await firstState(store, options, hasData)), volume);
  if (!hasData && state.state.isWhole) await checkOthers(store, options);
  const tls = certificatesIn(options.certificates);

  const ending = new AbortController();
  const { signal } = ending;
  let loop: Loop | undefined;
  let activity: string | undefined;
  const onNews = () => loop?.news();
  const story = agentStory(emit);
  const shards = watchShard({ store, shard, onChange: onNews, log, signal });
  const decisions = decisionLog();
  const wanted = watchSettings(store, { onChange: onNews, log, signal });
  const settings = new TabletSettings({
    ...{ server, proven, log },
    wanted: wanted.current,
    primaryRoom: () => primaryRoom(shards.current(), peers),
  });
  const postgres = await TabletPostgres.open({
    ...{ server, state, settings, now, onNews, signal, log },
    onTrouble: (reason) => emit({ kind: "crashed", reason }),
    onLoss(reason) {
      log.warn(reason);
      decisions.add({ kind: "lose-wal", reason });
    },
    onActivity(doing) {
      activity = doing;
      story.doing(doing);
    },
    pauseMs: () => (loop?.isBusy ? 25 : 300),
  });
  const client = agentClient({ tls, onTrouble: (err) => log.warn({ err }, "renewed certificates cannot be used") });
  const peers = watchPeers({ shard, self, reach, client, now, onAnswer: onNews, signal });
  const candidate = { holderIdentity: self, leaseDurationSeconds: leaseSeconds };
  const lease = watchLease(leaseCandidate(store.leases, `shards/${shard}`, candidate), now);
  const parts = { self, shard, store, shards, lease, peers, reach, postgres, decisions, patience, now, log };
  loop = new Loop({ ...parts, signal: stop, onDecision: story.decided, mayGoOn: volume.check });
  const verbs = agentVerbs(loop, { ...parts, postgresVersion: version.text, activity: () => activity });
  const { host, port } = options.api;
  const api = await startAgentServer({ host, port, tls, shard, tablet: self, verbs, log });
  try {
    const zone = options.zone === undefined ? {} : { zone: options.zone };
    const tablet = { name: self, address: listen ?? server.address, agent: { host, port: api.port }, ...zone };
    await register(store, options, tablet, context);
    // A new tablet starts with them at once.
    await wanted.read().catch((error: unknown) => log.warn({ err: error }, "the cluster's settings are not known yet"));
    await Promise.all([loop.run(), keepSettings(loop, { ...parts, signal: stop })]);
  } finally {
    await shutDown({ postgres, lease, sessionsLimitMs: options.smartStopSeconds * 1_000 }, context);
    ending.abort();
    await Promise.all([shards.ended, wanted.ended, postgres.watch.ended]);
    await api.close();
    client.close();
  }
}

/** Says where this tablet is reached. While the store is away there is nothing else to do. */
async function register(
  store: TopologyStore,
  { shard }: AgentOptions,
  tablet: Tablet,
  { log, stop }: AgentContext,
): Promise<void> {
  const pause = backoff({ maxMs: 1_000 });
  while (!stop.aborted) {
    try {
      await changeShard(store, shard, (before) => withTablet(before, tablet));
      return;
    } catch (error) {
      if (error instanceof AppError && error.code === "no-shard") throw error;
      log.warn({ err: error }, "the topology cannot be written; trying again");
    }
    await delayUnlessAborted(pause.next(), stop);
  }
}

/** Of a tablet whose state has never been written: it is new, or of before there were states. */
async function firstState(
  store: TopologyStore,
  { directory, shard: name, tablet }: AgentOptions,
  hasData: boolean,
): Promise<TabletStateFile> {
  if (!hasData) return await createTabletState(directory, newTabletState);
  const { shard } = await getShard(store, name);
  const { primary, term } = shard;
  const isAlone = shard.tablets.every((other) => other.name === tablet);
  if (!isAlone || (primary !== undefined && primary.name !== tablet)) {
    throw new AppError("no-state", `${directory} has data, but nothing that says what this tablet has promised`, {
      hint: "Delete the tablet's directory: it is cloned from its primary then. Keep a copy if you are not sure.",
    });
  }
  const pledge = { term, candidate: term === 0 ? "" : tablet };
  return await createTabletState(directory, { ...newTabletState, pledge, isWhole: true });
}

/** Data that is gone is copied from another tablet; a shard is not made anew as if nothing had been. */
async function checkOthers(store: TopologyStore, { directory, shard: name, tablet }: AgentOptions): Promise<void> {
  const { shard } = await getShard(store, name);
  if (shard.tablets.some((other) => other.name !== tablet)) return;
  throw new AppError("data-gone", `${join(directory, "pgdata")} is gone, and no other tablet has its data`, {
    hint: "Bring it back from a backup, or start anew with --reset, which deletes the whole cluster.",
  });
}

async function shutDown(
  {
    postgres,
    lease,
    sessionsLimitMs,
  }: { readonly postgres: TabletPostgres; readonly lease: LeaseWatch; readonly sessionsLimitMs: number },
  { hurry, log }: AgentContext,
): Promise<void> {
  const hasten = () => postgres.hasten("immediate");
  if (hurry.aborted) hasten();
  hurry.addEventListener("abort", hasten);
  await postgres.shutDown(sessionsLimitMs);
  hurry.removeEventListener("abort", hasten);
  if (lease.state().kind !== "mine") return;
  // Others need not wait until it has run out.
  await lease.release().catch((error: unknown) => log.warn({ err: error }, "the lease is not released"));
}

/** Nothing is promised on a volume that may be another's by now. */
function guarded(file: TabletStateFile, volume: Volume): TabletStateFile {
  return {
    get state() {
      return file.state;
    },
    async write(change) {
      const { pledge } = typeof change === "function" ? change(file.state) : change;
      if (pledge) await volume.pledges(pledge.term);
      volume.check();
      await file.write(change);
    },
  };
}

async function takeDirectory(directory: string, stop: AbortSignal, name = "agent"): Promise<ProcessClaim> {
  const claimed = join(directory, name);
  await mkdir(claimed, { recursive: true, mode: 0o700 });
  const deadline = performance.now() + predecessorLimitMs;
  for (;;) {
    try {
      return await claimDirectory(claimed);
    } catch (error) {
      if (!(error instanceof ClaimedError) || stop.aborted) throw error;
      if (performance.now() > deadline) {
        const hint = `End that process first: kill ${error.pid}`;
        throw new AppError("claimed", `another tablet agent (process ${error.pid}) has ${directory}`, { hint });
      }
    }
    await delayUnlessAborted(50, stop);
  }
}

async function endLeftovers(directory: string, log: Log): Promise<void> {
  const dataDirectory = join(directory, "pgdata");
  const leftovers = existsSync(dataDirectory) && (await stopLeftovers(dataDirectory));
  if (leftovers) log.warn("ended a PostgreSQL that an earlier agent has left behind");
}

function certificatesIn(directory: string): TlsFiles {
  const own = join(directory, "agent.pem");
  return { authority: join(directory, "ca.pem"), certificate: own, key: own };
}
