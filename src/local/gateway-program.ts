// The gateway as a child of the launcher.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../base/app-error.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import { type KeptProgram, keepRunning, type StartedProgram } from "./keep-running.ts";
import { startProgram } from "./program.ts";

export interface GatewayOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly adminPasswordFile: string;
  readonly verbose: boolean;
  /** Path of the program. */
  readonly main: string;
}

export const gatewayMain = fileURLToPath(new URL("../../gateway/main.ts", import.meta.url));

/** Ready with the port that it listens on; a gateway that is started again gets the same. */
export function keepGateway(options: GatewayOptions, report: (event: ClusterEvent) => void): KeptProgram<number> {
  const who = "gateway";
  let port = options.port;
  return keepRunning({
    async start() {
      report({ kind: "doing", who, what: "starting" });
      const started = await startGateway({ ...options, port });
      started.ready.then(
        (readyPort) => {
          port = readyPort;
          report({ kind: "ready", who });
        },
        () => {},
      );
      return started;
    },
    onCrash: (how) => report({ kind: "crashed", who, reason: `it has ended (${how})` }),
    hurrySignal: "SIGKILL",
    stopLimitMs: 5_000,
  });
}

async function startGateway(options: GatewayOptions): Promise<StartedProgram<number>> {
  const ready = Promise.withResolvers<number>();
  const logFile = options.verbose ? undefined : join(options.dataDir, "logs", "gateway.log");
  const program = await startProgram({
    main: options.main,
    args: [
      ...["--topology", join(options.dataDir, "topology"), "--host", options.host, "--port", String(options.port)],
      ...["--admin-password-file", options.adminPasswordFile],
    ],
    user: undefined,
    logFile,
    onLine(line) {
      const port = readyPort(line);
      if (port !== undefined) ready.resolve(port);
    },
  });
  program.exited.then(async (how) => {
    const said = logFile === undefined ? undefined : await lastLine(logFile);
    const hint = logFile === undefined ? {} : { hint: `See ${logFile}` };
    ready.reject(new AppError("gateway-failed", `the gateway has ended (${how})${said ? `: ${said}` : ""}`, hint));
  });
  ready.promise.catch(() => {});
  return { program, ready: ready.promise };
}

/** Reads `{"ready":true,"port":6432}`; undefined for anything else. */
function readyPort(line: string): number | undefined {
  try {
    const { ready, port } = JSON.parse(line) as { ready?: unknown; port?: unknown };
    return ready === true && typeof port === "number" ? port : undefined;
  } catch {
    return undefined;
  }
}

async function lastLine(logFile: string): Promise<string | undefined> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const line = text.trim().split("\n").at(-1);
  try {
    const { msg } = JSON.parse(line ?? "") as { msg?: unknown };
    return typeof msg === "string" ? msg : line;
  } catch {
    return line;
  }
}
