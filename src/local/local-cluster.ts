// A whole cluster of real processes on one machine: starts it, keeps it running, stops it. Everything that can be found
// out to be wrong is found out before the first process is started.
import { join, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { describeError } from "../base/describe-error.ts";
import type { ProcessClaim } from "../base/process-claim.ts";
import type { DurabilityPolicy, Topology } from "../topology/snapshot.ts";
import { ensureCertificates, keepCertificates } from "./certificates.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import { keepController } from "./controller-program.ts";
import {
  claimDataDirectory,
  describeDirectoryError,
  emptyDataDirectory,
  makeDirectory,
  moveOldTablets,
  tabletDirectories,
} from "./data-directory.ts";
import { type FoundPostgres, findPostgres } from "./find-postgres.ts";
import { checkPortIsFree } from "./free-port.ts";
import { gatewayMain, keepGateway } from "./gateway-program.ts";
import type { KeptProgram } from "./keep-running.ts";
import { openTopology } from "./open-topology.ts";
import { ensureSecrets } from "./secrets.ts";
import { checkReachable, type ServerUser, serverUser } from "./server-user.ts";
import { keepTablet, stopTabletLeftovers, tabletAgentMain } from "./tablet-program.ts";

export interface LocalClusterOptions {
  readonly dataDir: string;
  /** Where the topology is kept, as processes are told it; undefined: in the data directory. */
  readonly topologyPlace?: string | undefined;
  /** undefined: as many as the cluster has; 2 for a new one. */
  readonly shards?: number | undefined;
  /** Standbys of each shard; undefined: as the cluster is; 0 for a new one. */
  readonly replicas?: number | undefined;
  /** undefined: as the cluster is; for a new one with standbys, "one". */
  readonly durability?: DurabilityPolicy | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** Of the controller's metrics. 0 (or left out): any that is free. */
  readonly metricsPort?: number | undefined;
  /** undefined: as the cluster is; "trust" for a new one. */
  readonly authentication?: Topology["authentication"] | undefined;
  /** Directory of PostgreSQL's programs; undefined: those that npm has installed. */
  readonly pgBin?: string | undefined;
  /** Of role `postgres` of a new cluster; undefined: one is made up, if it is needed. */
  readonly postgresPassword?: string | undefined;
  /** Delete the cluster that is there and make a new one. */
  readonly reset?: boolean;
  /** Programs log to this process' standard error instead of to files. */
  readonly verbose?: boolean;
  /** False where data may be lost, as in tests. */
  readonly fsync?: boolean;
  /** Main file of the gateway. */
  readonly gatewayMain?: string;
}

export interface LocalClusterContext {
  readonly report: (event: ClusterEvent) => void;
  /** Asks the cluster to stop. */
  readonly stop: AbortSignal;
  /** After `stop`: no time is to be lost. */
  readonly hurry: AbortSignal;
}

export interface LocalCluster {
  readonly host: string;
  readonly port: number;
  /** Of the controller's HTTP, on the same host. */
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly authentication: Topology["authentication"];
  /** Password of role `postgres`, if it was made up. */
  readonly postgresPasswordFile: string | undefined;
  /** Resolves after `stop`, when no process is left. */
  readonly stopped: Promise<void>;
}

const host = "127.0.0.1";
/** How long programs whose launcher has died may take to let their ports go. */
const predecessorLimitMs = 5_000;

/** Resolves when the cluster accepts connections. Throws AppError, and then nothing is running. */
export async function startLocalCluster(
  options: LocalClusterOptions,
  context: LocalClusterContext,
): Promise<LocalCluster> {
  const dataDir = resolve(options.dataDir);
  const postgres = await findPostgres(options.pgBin);
  const user = await serverUser(join(dataDir, "topology"));
  if (user) {
    const programs = [process.execPath, tabletAgentMain, join(postgres.binDirectory, "postgres")];
    await checkReachable(user, programs, dataDir);
  }
  const claim = await claimDataDirectory(dataDir, user).catch((error: unknown) => {
    throw describeDirectoryError(dataDir, error);
  });
  try {
    return await start({ ...options, dataDir }, { postgres, user, claim }, context);
  } catch (error) {
    await claim.release();
    throw context.stop.aborted ? new AppError("stopped", "stopped before it was ready", { cause: error }) : error;
  }
}

interface Found {
  readonly postgres: FoundPostgres;
  readonly user: ServerUser | undefined;
  readonly claim: ProcessClaim;
}

async function start(
  options: LocalClusterOptions,
  { postgres, user, claim }: Found,
  { report, stop, hurry }: LocalClusterContext,
): Promise<LocalCluster> {
  const { dataDir, port, metricsPort = 0, fsync = true, verbose = false } = options;
  const { topologyPlace = join(dataDir, "topology") } = options;
  const patienceMs = claim.afterCrash ? predecessorLimitMs : 0;
  await checkPortIsFree(host, port, patienceMs);
  if (metricsPort !== 0) await checkPortIsFree(host, metricsPort, patienceMs, "--metrics-port");
  await moveOldTablets(dataDir);
  if (options.reset) {
    report({ kind: "resetting" });
    const program = { dataDir, pgBin: postgres.binDirectory, user };
    const tablets = await tabletDirectories(dataDir);
    await Promise.all(tablets.map((tablet) => stopTabletLeftovers({ ...program, tablet })));
    await emptyDataDirectory(dataDir);
  }
  const { topology, tablets } = await openTopology({ dataDir, topologyPlace }, options, postgres, user);
  const shards = [...topology.shards.keys()];
  const { authentication } = topology;
  const { postgresPassword } = options;
  const secrets = await ensureSecrets(dataDir, { authentication, postgresPassword, agentUser: user });
  const certificateOptions = { clusterId: topology.clusterId, agentUser: user };
  await ensureCertificates(dataDir, certificateOptions);
  await makeDirectory(join(dataDir, "logs"), undefined, 0o755);
  await makeDirectory(join(dataDir, "tablets"), undefined, 0o755);
  for (const tablet of [...tablets.values()].flat()) {
    await makeDirectory(join(dataDir, "tablets", tablet), user, 0o700);
  }
  const { rolesFile, agentPasswordFile: passwordFile } = secrets;
  const certificates = join(dataDir, "certificates");
  const pgBin = postgres.binDirectory;
  const every = {
    dataDir,
    topologyPlace,
    pgBin,
    rolesFile,
    passwordFile,
    certificates,
    authentication,
    fsync,
    user,
    verbose,
  };
  const tabletOptions = [...tablets].flatMap(([shard, names]) =>
    names.map((tablet) => ({ ...every, shard, tablet, who: names.length === 1 ? shard : tablet })),
  );
  const who = tabletOptions.map((tablet) => tablet.who);
  report({ kind: "found", shards, tablets: who, postgres: postgres.version.text, dataDir });
  /** In the order in which they stop: each needs those that come later. */
  const running = { gateway: [], controller: [], tablets: [] } as {
    readonly [who in "gateway" | "controller" | "tablets"]: KeptProgram<unknown>[];
  };
  const stopAll = async () => {
    for (const programs of [running.gateway, running.controller, running.tablets]) {
      await Promise.all(programs.map((program) => program.stop(hurry)));
    }
  };
  try {
    running.tablets.push(...tabletOptions.map((tablet) => keepTablet(tablet, report)));
    await unlessAborted(Promise.all(running.tablets.map((tablet) => tablet.ready)), stop);
    const { adminPasswordFile, postgresPasswordFile } = secrets;
    const main = options.gatewayMain ?? gatewayMain;
    const gateway = keepGateway({ dataDir, topologyPlace, host, port, adminPasswordFile, verbose, main }, report);
    running.gateway.push(gateway);
    const controller = keepController(
      { dataDir, topologyPlace, port: metricsPort, adminPasswordFile, verbose },
      report,
    );
    running.controller.push(controller);
    const [readyPort, readyMetricsPort] = await unlessAborted(Promise.all([gateway.ready, controller.ready]), stop);
    const onTrouble = (error: unknown) =>
      report({ kind: "trouble", who: "certificates", reason: describeError(error).message });
    const renewing = keepCertificates(dataDir, certificateOptions, { signal: stop, onTrouble });
    const stopped = aborted(stop).then(async () => {
      report({ kind: "stopping" });
      await renewing;
      await stopAll();
      await claim.release();
    });
    const ports = { port: readyPort, metricsPort: readyMetricsPort };
    return { host, ...ports, dataDir, authentication, postgresPasswordFile, stopped };
  } catch (error) {
    if (stop.aborted) report({ kind: "stopping" });
    await stopAll();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = aborted(signal).then(() => Promise.reject(new AppError("stopped", "stopped before it was ready")));
  return await Promise.race([promise, stopped]);
}
