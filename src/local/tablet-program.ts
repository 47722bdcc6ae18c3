// A tablet agent as a child of the launcher.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentEvent, parseAgentEvent } from "../agent-api/agent-event.ts";
import { AppError } from "../base/app-error.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import { type KeptProgram, keepRunning, type StartedProgram } from "./keep-running.ts";
import { startProgram } from "./program.ts";
import type { ServerUser } from "./server-user.ts";

export interface TabletOptions {
  readonly shard: string;
  readonly tablet: string;
  /** What people call it, and its log file. */
  readonly who: string;
  readonly dataDir: string;
  readonly topologyPlace: string;
  readonly pgBin: string;
  readonly rolesFile: string;
  /** Password of role `shardgres`, readable by the agents. */
  readonly passwordFile: string;
  /** Directory of the agents' certificates. */
  readonly certificates: string;
  readonly authentication: "trust" | "scram-sha-256";
  readonly fsync: boolean;
  readonly user: ServerUser | undefined;
  readonly verbose: boolean;
}

export const tabletAgentMain = fileURLToPath(new URL("../../tablet-agent/main.ts", import.meta.url));

/** Ready when its PostgreSQL accepts connections, as a primary or as a standby. */
export function keepTablet(options: TabletOptions, report: (event: ClusterEvent) => void): KeptProgram<void> {
  const { who } = options;
  return keepRunning({
    start: () => startTablet(options, report),
    onCrash: (how) => report({ kind: "crashed", who, reason: `the tablet agent has ended (${how})` }),
    hurrySignal: "SIGQUIT",
    // Longer than the agent gives PostgreSQL before it shuts it down immediately.
    stopLimitMs: 20_000,
  });
}

/** Ends what an earlier start has left running. */
export async function stopTabletLeftovers(
  options: Pick<TabletOptions, "dataDir" | "tablet" | "pgBin" | "user">,
): Promise<void> {
  const { dataDir, tablet, pgBin, user } = options;
  let failure: string | undefined;
  const program = await startProgram({
    main: tabletAgentMain,
    args: ["--stop-only", "--directory", directoryOf(dataDir, tablet), "--pg-bin", pgBin],
    user,
    logFile: undefined,
    onLine(line) {
      const event = parseAgentEvent(line);
      if (event?.kind === "failed") failure = event.message;
    },
  });
  const how = await program.exited;
  if (how !== "exit code 0") throw new AppError("leftovers", `${tablet}: ${failure ?? how}`);
}

async function startTablet(
  options: TabletOptions,
  report: (event: ClusterEvent) => void,
): Promise<StartedProgram<void>> {
  const { who } = options;
  const ready = Promise.withResolvers<void>();
  let failure: (AgentEvent & { kind: "failed" }) | undefined;
  const program = await startProgram({
    ...programOptions(options),
    onLine(line) {
      const event = parseAgentEvent(line);
      switch (event?.kind) {
        case "initialising":
        case "cloning":
        case "starting":
          return report({ kind: "doing", who, what: event.kind });
        case "ready":
          report({ kind: "ready", who });
          return ready.resolve();
        case "crashed":
          return report({ kind: "crashed", who, reason: event.reason });
        case "primary":
          return report({ kind: "primary", who, term: event.term, reason: event.reason });
        case "failed":
          failure = event;
      }
    },
  });
  program.exited.then((how) => {
    const message = failure?.message ?? `the tablet agent has ended (${how})`;
    const hint = failure ? failure.hint : `See ${join(options.dataDir, "logs", `${who}.log`)}`;
    ready.reject(new AppError("tablet-failed", `${who}: ${message}`, hint === undefined ? {} : { hint }));
  });
  ready.promise.catch(() => {});
  return { program, ready: ready.promise };
}

function directoryOf(dataDir: string, tablet: string): string {
  return join(dataDir, "tablets", tablet);
}

function programOptions(options: TabletOptions) {
  const { shard, tablet, who, dataDir, topologyPlace, user } = options;
  const args = {
    topology: topologyPlace,
    shard,
    tablet,
    // On one machine nothing fails together that could be told apart.
    zone: `z${tablet.slice(tablet.lastIndexOf("-") + 1)}`,
    directory: directoryOf(dataDir, tablet),
    "pg-bin": options.pgBin,
    "roles-file": options.rolesFile,
    "password-file": options.passwordFile,
    certificates: options.certificates,
    authentication: options.authentication,
    // Who may start agents here, the launcher's claim of the data directory says.
    machine: "local",
    fsync: options.fsync ? "on" : "off",
  };
  return {
    main: tabletAgentMain,
    args: Object.entries(args).flatMap(([name, value]) => [`--${name}`, value]),
    user,
    logFile: options.verbose ? undefined : join(dataDir, "logs", `${who}.log`),
  };
}
