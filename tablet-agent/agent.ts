// The life of a tablet: take the directory, make or check the data, then keep PostgreSQL running until asked to stop.
import { existsSync } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { AgentEvent } from "../src/agent-api/agent-event.ts";
import { AppError } from "../src/base/app-error.ts";
import { backoff } from "../src/base/backoff.ts";
import { delayUnlessAborted } from "../src/base/delay.ts";
import { describeError } from "../src/base/describe-error.ts";
import type { Log } from "../src/base/log.ts";
import { type PostgresVersion, postgresVersion } from "../src/base/postgres-version.ts";
import { ClaimedError, claimDirectory, type ProcessClaim } from "../src/base/process-claim.ts";
import { rotateLog } from "../src/base/rotate-log.ts";
import { writeFileWhole } from "../src/base/write-file.ts";
import { openStore, parseStorePlace } from "../src/topology/open-store.ts";
import { registerPrimary } from "../src/topology/register-primary.ts";
import type { Address } from "../src/topology/snapshot.ts";
import type { AgentOptions } from "./options.ts";
import { clientAuthentication, serverConfiguration } from "./postgres/configuration.ts";
import { checkDataDirectory } from "./postgres/data-directory.ts";
import { initialise } from "./postgres/initialise.ts";
import { type Postmaster, startPostmaster } from "./postgres/postmaster.ts";
import { readRoles } from "./postgres/roles.ts";
import { makeSocketDirectory, socketDirectoryFor } from "./postgres/socket-directory.ts";
import { stopLeftovers } from "./postgres/stop-leftovers.ts";

export interface AgentContext {
  readonly log: Log;
  readonly emit: (event: AgentEvent) => void;
  /** Asks the agent to stop; PostgreSQL is shut down fast. */
  readonly stop: AbortSignal;
  /** After `stop`: PostgreSQL is shut down immediately. */
  readonly hurry: AbortSignal;
}

/** Only the number in the name of the socket file. */
const port = 5432;
/** How long an agent before this one, whose launcher has died, may take to stop. */
const predecessorLimitMs = 20_000;
const fastShutdownLimitMs = 10_000;

/** Resolves when asked to stop and PostgreSQL has ended. Throws when PostgreSQL cannot be started the first time. */
export async function runAgent(options: AgentOptions, context: AgentContext): Promise<void> {
  const claim = await takeDirectory(options.directory, context.stop);
  try {
    const directory = await realpath(options.directory);
    const dataDirectory = join(directory, "pgdata");
    const leftovers = existsSync(dataDirectory) && (await stopLeftovers(dataDirectory));
    if (leftovers) context.log.warn("ended a PostgreSQL that an earlier agent has left behind");
    if (options.stopOnly) return;
    const version = await postgresVersion(options.pgBin);
    if (!(await checkDataDirectory(dataDirectory, version)))
      await makeDataDirectory(options, version, dataDirectory, context);
    await keepRunning(options, directory, context);
  } finally {
    await claim.release();
  }
}

async function takeDirectory(directory: string, stop: AbortSignal): Promise<ProcessClaim> {
  const claimed = join(directory, "agent");
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

async function makeDataDirectory(
  { pgBin, rolesFile, fsync }: AgentOptions,
  version: PostgresVersion,
  dataDirectory: string,
  { emit, stop }: AgentContext,
): Promise<void> {
  emit({ kind: "initialising" });
  const roles = await readRoles(rolesFile);
  await initialise({ pgBin, postgresMajor: version.major, dataDirectory, roles, fsync, signal: stop });
}

async function keepRunning(options: AgentOptions, directory: string, context: AgentContext): Promise<void> {
  const { log, emit, stop } = context;
  const pause = backoff({ firstMs: 100 });
  for (let first = true; !stop.aborted; first = false) {
    try {
      emit({ kind: "starting" });
      const { postmaster, address } = await start(options, directory);
      const stopping = whenAborted(stop, () => shutDown(postmaster, context));
      try {
        await postmaster.ready();
        await registerPrimary(openStore(parseStorePlace(options.topology)), options.shard, {
          name: options.tablet,
          address,
        });
      } catch (error) {
        postmaster.stop("fast");
        await postmaster.exited;
        throw error;
      }
      emit({ kind: "ready", address });
      log.info({ pid: postmaster.pid, address }, "PostgreSQL accepts connections");
      pause.reset();
      const how = await postmaster.exited;
      await stopping.settled();
      if (!stop.aborted) throw new AppError("postgres-ended", `PostgreSQL has ended by itself (${how})`);
    } catch (error) {
      if (stop.aborted) break;
      if (first && !hadBeenRunning(error)) throw error;
      const reason = describeError(error).message;
      log.error({ err: error }, "PostgreSQL does not run; starting it again");
      emit({ kind: "crashed", reason });
      await delayUnlessAborted(pause.next(), stop);
      await stopLeftovers(join(directory, "pgdata"));
    }
  }
}

/** Then it is worth trying again; what does not even start the first time needs somebody to look at it. */
function hadBeenRunning(error: unknown): boolean {
  return error instanceof AppError && error.code === "postgres-ended";
}

async function start(
  { pgBin, tablet, authentication, fsync }: AgentOptions,
  directory: string,
): Promise<{ postmaster: Postmaster; address: Address }> {
  const dataDirectory = join(directory, "pgdata");
  const socketDirectory = socketDirectoryFor(directory, port);
  await makeSocketDirectory(socketDirectory);
  const settings = { name: tablet, socketDirectory, port, fsync };
  await writeFileWhole(join(dataDirectory, "shardgres.conf"), serverConfiguration(settings), { mode: 0o600 });
  await writeFileWhole(join(dataDirectory, "pg_hba.conf"), clientAuthentication(authentication), { mode: 0o600 });
  const logPath = join(directory, "postgresql.log");
  await rotateLog(logPath);
  const postmaster = await startPostmaster(pgBin, dataDirectory, logPath);
  return { postmaster, address: { host: socketDirectory, port } };
}

async function shutDown(postmaster: Postmaster, { log, hurry }: AgentContext): Promise<void> {
  postmaster.stop("fast");
  const limit = AbortSignal.any([hurry, AbortSignal.timeout(fastShutdownLimitMs)]);
  const immediate = whenAborted(limit, async () => {
    log.warn("shutting PostgreSQL down immediately");
    postmaster.stop("immediate");
  });
  await postmaster.exited;
  await immediate.settled();
}

/** Runs `action` when the signal is aborted, once. `settled` calls it off, or waits for it if it has begun. */
function whenAborted(signal: AbortSignal, action: () => Promise<void>): { settled(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const run = () => {
    running = action();
  };
  if (signal.aborted) run();
  else signal.addEventListener("abort", run, { once: true });
  return {
    async settled() {
      signal.removeEventListener("abort", run);
      await running;
    },
  };
}
