// The PostgreSQL of a tablet: its data, its process, its configuration, its role.
import { existsSync } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { assert } from "../../src/base/assert.ts";
import type { Log } from "../../src/base/log.ts";
import type { PostgresVersion } from "../../src/base/postgres-version.ts";
import { rotateLog, rotateLogInUse } from "../../src/base/rotate-log.ts";
import { syncDirectory, writeFileWhole } from "../../src/base/write-file.ts";
import type { ClusterSettings } from "../../src/topology/cluster-settings.ts";
import type { Address } from "../../src/topology/snapshot.ts";
import type { BackupProgress } from "./base-backup.ts";
import { branchedAt } from "./branched-at.ts";
import { checkSettings } from "./check-settings.ts";
import { cloneStandby } from "./clone.ts";
import { nobodyAcknowledges, standbyNames, type TlsFiles } from "./configuration.ts";
import { readControlFile } from "./control-file.ts";
import { checkDataDirectory } from "./data-directory.ts";
import { logSince, settingsTooLow } from "./failure-reason.ts";
import { initialise } from "./initialise.ts";
import { Observer } from "./observe.ts";
import { type Postmaster, startPostmaster } from "./postmaster.ts";
import { promoteTo, recordTerm } from "./promotion.ts";
import { receiverProblem } from "./receiver-problem.ts";
import { ensureSlots, keepSlots, slotName } from "./replication-slots.ts";
import { restartPending } from "./restart-pending.ts";
import { rewind } from "./rewind.ts";
import { readRoles } from "./roles.ts";
import {
  type DataState,
  type Observation,
  type PostgresServer,
  type ServerProcess,
  type StartAs,
  type StopMode,
  type SynchronousStandbys,
  standbyName,
  type TermStart,
  type Upstream,
} from "./server.ts";
import { TabletProcess } from "./server-process.ts";
import { type SessionTarget, value, withSession } from "./session.ts";
import { makeSocketDirectory, removeSocketDirectory, socketDirectoryFor } from "./socket-directory.ts";
import { stopLeftovers } from "./stop-leftovers.ts";
import { askForAcknowledgements, nobodyCounts } from "./synchronous-standbys.ts";
import { readTermRecord } from "./term-record.ts";
import { controlRole, openUpstream, type UpstreamFiles, upstreamConninfo, upstreamFiles } from "./upstream-service.ts";
import { endReceivers } from "./wal-receiver.ts";
import { WrittenConfiguration } from "./written-configuration.ts";

export interface TabletServerOptions {
  /** Name of the tablet. */
  readonly tablet: string;
  /** Everything of this tablet is in here: pgdata, logs, the socket. Exists; absolute, without links. */
  readonly directory: string;
  readonly pgBin: string;
  readonly version: PostgresVersion;
  /** File with the roles of a new PostgreSQL. */
  readonly rolesFile: string;
  /** Of clients that come through the socket. Who comes by TCP always gives a password. */
  readonly authentication: "trust" | "scram-sha-256";
  /** The directory may move to another machine, where PostgreSQL is not to start by itself. undefined: it may not. */
  readonly place: string | undefined;
  /** Of role `shardgres`, the same on all tablets; undefined: it is trusted. */
  readonly password: string | undefined;
  /** Where to listen besides the socket: an address, or `*`. */
  readonly listen: Address | undefined;
  readonly tls: TlsFiles | undefined;
  readonly fsync: boolean;
  /** The cluster's settings to begin with, see `setSettings`. */
  readonly settings: ClusterSettings;
  readonly log: Log;
}

/** The number in the name of the socket file, if nothing listens on a port. */
const socketPort = 5432;
/** Of the disk: how much WAL may be kept for tablets that are away, unless the cluster's settings say. */
const slotWalShare = 0.2;
const slotWalBytesMin = 1024 ** 3;

/** The directory is this process's alone. */
export async function tabletServer(options: TabletServerOptions): Promise<PostgresServer> {
  const { bsize, blocks } = await statfs(options.directory);
  return new TabletServer(options, Math.max(slotWalBytesMin, bsize * blocks * slotWalShare));
}

class TabletServer implements PostgresServer {
  readonly address: Address;
  #options: TabletServerOptions;
  #dataDirectory: string;
  #logPath: string;
  #files: UpstreamFiles;
  #target: SessionTarget;
  #configuration: WrittenConfiguration;
  #observer: Observer;
  #process: TabletProcess;
  /** Where the log begins to tell of the present upstream. */
  #problemsFrom = 0;

  constructor(options: TabletServerOptions, slotWalBytesMax: number) {
    const { directory, tablet, listen, tls, fsync, authentication, password, place, version } = options;
    const port = listen?.port ?? socketPort;
    this.#options = options;
    this.#dataDirectory = join(directory, "pgdata");
    this.#logPath = join(directory, "postgresql.log");
    this.#files = upstreamFiles(directory, version.major, tls?.authorityFile);
    this.address = { host: socketDirectoryFor(directory, port, place), port };
    this.#target = { address: this.address, password };
    this.#observer = new Observer(this.#target);
    this.#process = new TabletProcess(this.#dataDirectory, options.log);
    const server = {
      name: tablet,
      socketDirectory: this.address.host,
      port,
      fsync,
      listenAddresses: listen?.host,
      tls,
    };
    this.#configuration = new WrittenConfiguration(
      { server, authentication, dataDirectory: this.#dataDirectory, postgresMajor: version.major, slotWalBytesMax },
      options.settings,
    );
  }

  get process(): ServerProcess {
    return this.#process.state;
  }

  onEnd(listener: (how: string) => void): void {
    this.#process.onEnd(listener);
  }

  async hasData(): Promise<boolean> {
    return await checkDataDirectory(this.#dataDirectory, this.#options.version);
  }

  async dataState(): Promise<DataState | undefined> {
    return (await this.hasData()) ? await readControlFile(this.#dataDirectory) : undefined;
  }

  async initialise(signal: AbortSignal): Promise<void> {
    const { pgBin, version, rolesFile, fsync } = this.#options;
    const roles = await readRoles(rolesFile);
    await initialise({ pgBin, postgresMajor: version.major, dataDirectory: this.#dataDirectory, roles, fsync, signal });
  }

  async checkPrimary({ tablet, term, address }: Upstream, signal: AbortSignal): Promise<void> {
    const target = { address, password: this.#options.password, authorityFile: this.#files.authorityFile };
    const isPrimary = await withSession(
      target,
      async (client) => {
        const record = await readTermRecord(client);
        return record.term === term && (await value<boolean>(client, "SELECT NOT pg_is_in_recovery()"));
      },
      signal,
    );
    if (!isPrimary) throw new AppError("not-primary", `${tablet} is not the primary of term ${term}`);
  }

  async clone(upstream: Upstream, onProgress: (progress: BackupProgress) => void, signal: AbortSignal): Promise<void> {
    const { tablet, password, version, fsync } = this.#options;
    await cloneStandby({
      source: {
        address: upstream.address,
        user: controlRole,
        password,
        slot: slotName(tablet),
        applicationName: standbyName(tablet, upstream.term),
        passwordFile: this.#files.passwordFile,
        authorityFile: this.#files.authorityFile,
      },
      postgresMajor: version.major,
      dataDirectory: this.#dataDirectory,
      fsync,
      onProgress,
      signal,
    });
  }

  async remove(): Promise<void> {
    assert(this.process.kind === "stopped", "the data of a running PostgreSQL are not removed");
    await stopLeftovers(this.#dataDirectory);
    await rm(this.#dataDirectory, { recursive: true, force: true, maxRetries: 5 });
    await syncDirectory(this.#options.directory);
  }

  async rewind(upstream: Upstream, signal: AbortSignal): Promise<"rewound" | "not-possible"> {
    assert(this.process.kind === "stopped", "the data of a running PostgreSQL are not rewound");
    await stopLeftovers(this.#dataDirectory);
    await this.#configuration.writeForStart();
    const { pgBin, password, fsync, log } = this.#options;
    const options = { pgBin, dataDirectory: this.#dataDirectory, files: this.#files, password, fsync, log };
    return await rewind(options, upstream, signal);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#options.directory);
    return bavail * bsize;
  }

  async start(as: StartAs): Promise<void> {
    assert(this.process.kind === "stopped", "PostgreSQL runs already");
    await this.#process.start(
      () => this.#launch(as),
      async () => as.kind === "standby" && (await this.#raiseSettings()),
    );
  }

  /** Whether a standby has failed because its primary has had room for more, which it gets now. */
  async #raiseSettings(): Promise<boolean> {
    const tooLow = settingsTooLow(await logSince(this.#logPath, this.#problemsFrom));
    const isNew = Object.entries(tooLow).some(([name, value]) => this.#configuration.raised[name] !== value);
    this.#configuration.raised = { ...this.#configuration.raised, ...tooLow };
    return isNew;
  }

  async #launch(as: StartAs): Promise<Postmaster> {
    await stopLeftovers(this.#dataDirectory);
    const data = await readControlFile(this.#dataDirectory);
    if (as.kind === "primary") {
      this.#checkWasPrimary(data, as.hasFollowedNobody ?? false);
      const slots = slotsOf(as.synchronous);
      this.#configuration.role = { kind: "primary", synchronous: as.synchronous, slots };
    } else {
      await this.#setUpstream(as.upstream);
    }
    for (const name of ["recovery.signal", ...(as.kind === "primary" ? ["standby.signal"] : [])]) {
      await rm(join(this.#dataDirectory, name), { force: true });
    }
    if (as.kind === "standby") await writeFileWhole(join(this.#dataDirectory, "standby.signal"), "", { mode: 0o600 });
    else await syncDirectory(this.#dataDirectory);
    await this.#configuration.writeForStart();
    await makeSocketDirectory(this.address.host);
    this.#observer.close();
    await rotateLog(this.#logPath);
    this.#problemsFrom = await this.#logBytes();
    return await startPostmaster(this.#options.pgBin, this.#dataDirectory, this.#logPath, {
      PGSERVICEFILE: this.#files.serviceFile,
    });
  }

  /** Without its signal file, a standby would go on as primary on the timeline of its old one; so would a backup. */
  #checkWasPrimary({ state }: DataState, hasFollowedNobody: boolean): void {
    const isBackup = existsSync(join(this.#dataDirectory, "backup_label"));
    if (isBackup || (state.includes("recovery") && !hasFollowedNobody)) {
      throw new AppError("was-standby", "these data are a standby's; it becomes primary by promotion only");
    }
  }

  async stop(mode: StopMode): Promise<void> {
    // It must not wait for this one.
    if (mode === "smart") this.#observer.close();
    await this.#process.stop(mode);
    this.#observer.close();
    if (this.#options.place !== undefined) await removeSocketDirectory(this.address.host);
  }

  async promote(starts: readonly TermStart[], synchronous: SynchronousStandbys | undefined): Promise<void> {
    const slots = slotsOf(synchronous);
    await withSession(this.#target, async (client) => {
      await ensureSlots(client, slots);
      if (this.#configuration.role.kind === "primary") await recordTerm(client, starts);
      else await promoteTo(client, starts);
    });
    if (this.#configuration.role.kind === "primary") {
      await this.setSynchronousStandbys(synchronous);
      return;
    }
    this.#configuration.role = { kind: "primary", synchronous, slots };
    await this.#reload(askForAcknowledgements);
  }

  async follow(upstream: Upstream | undefined): Promise<void> {
    assert(this.#configuration.role.kind === "standby", "a primary follows nobody");
    await this.#setUpstream(upstream);
    await withSession(this.#target, endReceivers);
    this.#problemsFrom = await this.#logBytes();
    await this.#reload(async (client) => {
      // Somebody may have paused it, and a standby that is paused does not come to its end.
      if (upstream === undefined) await client.query("SELECT pg_wal_replay_resume()");
    });
  }

  async #setUpstream(upstream: Upstream | undefined): Promise<void> {
    const { tablet, password } = this.#options;
    await openUpstream(this.#files, upstream, password);
    const source = upstream && { conninfo: upstreamConninfo(tablet, upstream), slot: slotName(tablet) };
    this.#configuration.role = { kind: "standby", source };
  }

  async setSynchronousStandbys(synchronous: SynchronousStandbys | undefined): Promise<void> {
    const before = this.#configuration.role;
    assert(before.kind === "primary", "commits of a standby wait for nobody");
    if (standbyNames(before.synchronous) === standbyNames(synchronous)) return;
    const slots = slotsOf(synchronous);
    try {
      if (synchronous !== undefined) {
        await withSession(this.#target, (client) => ensureSlots(client, slots));
        this.#configuration.role = { ...before, synchronous: nobodyAcknowledges };
        await this.#reload((client) => nobodyCounts(client, this.#target, before.synchronous?.names ?? []));
      }
      this.#configuration.role = { kind: "primary", synchronous, slots };
      await this.#reload(askForAcknowledgements);
    } catch (error) {
      this.#configuration.role = before;
      if (this.#process.running) await this.#reload(askForAcknowledgements);
      throw error;
    }
  }

  async setSettings(settings: ClusterSettings, raised: ClusterSettings = {}) {
    await checkSettings(this.#options.pgBin, this.#dataDirectory, settings);
    this.#configuration.chosen = settings;
    this.#configuration.raised = raised;
    if (!this.#process.running) return { needsRestart: [] as string[] };
    return { needsRestart: await this.#reload(restartPending) };
  }

  async checkpoint(): Promise<void> {
    await withSession(this.#target, (client) => client.query("CHECKPOINT"));
  }

  async keepSlots(
    tablets: readonly { readonly name: string; readonly flushedLsn: number | undefined }[],
  ): Promise<void> {
    const postgresMajor = this.#options.version.major;
    await withSession(this.#target, (client) => keepSlots(client, { tablets, postgresMajor }));
  }

  async observe(signal: AbortSignal): Promise<Observation> {
    if (!this.#process.running) throw new AppError("not-running", "PostgreSQL does not run");
    await rotateLogInUse(this.#logPath);
    const { role } = this.#configuration;
    const isCut = role.kind === "standby" && role.source === undefined;
    const problem = async () => receiverProblem(await logSince(this.#logPath, this.#problemsFrom));
    const intent = { isCut, problem: role.kind === "standby" ? problem : undefined };
    const observed = await this.#observer.observe(intent, signal);
    const branched = observed.isAtEnd ? await branchedAt(this.#dataDirectory, observed) : undefined;
    return { ...observed, isAtEnd: branched !== undefined, branchedAtLsn: branched?.lsn };
  }

  async #logBytes(): Promise<number> {
    return await stat(this.#logPath).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async #reload<T = void>(use?: (client: import("pg").Client) => Promise<T>): Promise<T> {
    const postmaster = this.#process.running;
    if (postmaster === undefined) throw new AppError("not-running", "PostgreSQL does not run");
    const reload = () => postmaster.reload();
    return await this.#configuration.reload(reload, this.#target, use ?? (async () => undefined as T));
  }
}

/** Logical replication waits for these too, so that nobody has more than a standby that may become primary. */
function slotsOf(synchronous: SynchronousStandbys | undefined): string[] {
  return (synchronous?.names ?? []).map((name) => slotName(name.replace(/_\d+$/, "")));
}
