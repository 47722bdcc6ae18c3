// `shardgres local`: a whole cluster on this machine, until Ctrl-C.
import { isAbsolute, relative, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { onStopSignal } from "../base/stop-signal.ts";
import { type LocalCluster, startLocalCluster } from "../local/local-cluster.ts";
import type { Command } from "./command.ts";
import { localHelp, parseLocalOptions } from "./local-options.ts";
import { createLocalReport } from "./local-report.ts";

export const local: Command = {
  name: "local",
  summary: "run a whole cluster on this machine",
  help: localHelp,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  const options = parseLocalOptions(args);
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const forget = onStopSignal(
    () => stop.abort(),
    () => hurry.abort(),
  );
  const report = createLocalReport(
    {
      isTerminal: process.stdout.isTTY === true && !options.verbose,
      write: (text) => process.stdout.write(text),
      now: () => performance.now(),
    },
    shown(options.dataDir),
  );
  try {
    const postgresPassword = process.env.SHARDGRES_PASSWORD || undefined;
    const fsync = process.env.SHARDGRES_FSYNC !== "off";
    const context = { report: report.onEvent, stop: stop.signal, hurry: hurry.signal };
    const cluster = await startLocalCluster({ ...options, postgresPassword, fsync }, context);
    report.started();
    process.stdout.write(welcome(cluster));
    await cluster.stopped;
    process.stdout.write(`stopped; the data is in ${shown(options.dataDir)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof AppError && error.code === "stopped") return 130;
    throw error;
  } finally {
    forget();
  }
}

function welcome({ host, port, postgresPasswordFile, authentication }: LocalCluster): string {
  const password =
    postgresPasswordFile !== undefined
      ? `\nThe password is in ${shown(postgresPasswordFile)}\n`
      : authentication === "trust"
        ? ""
        : "\nThe password is what SHARDGRES_PASSWORD was when the cluster was made.\n";
  const command = `psql -h ${host} -p ${port} -U postgres postgres`;
  return `\nConnect with:\n\n  ${command}\n${password}\nPress Ctrl-C to stop.\n`;
}

/** The shorter of the relative and the absolute path. */
function shown(path: string): string {
  const [whole, short] = [resolve(path), relative(process.cwd(), path)];
  return isAbsolute(short) || short.startsWith("..") || short === "" || short.length > whole.length ? whole : short;
}
