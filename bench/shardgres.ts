// A cluster started as a user starts it, by `shardgres local`, in a temporary directory.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childrenOf, commandLine } from "./cpu-time.ts";
import { unusedPort } from "./unused-port.ts";

export interface Shardgres {
  readonly port: number;
  readonly dataDir: string;
  readonly gatewayPid: number;
  readonly controllerPid: number;
  /** Pids of the shards' PostgreSQL servers. */
  readonly postmasters: readonly number[];
  /** Stops everything and deletes the data. */
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

export async function startShardgres(shards: number, fsync = false): Promise<Shardgres> {
  const parent = await mkdtemp(join(tmpdir(), "shardgres-bench-"));
  // The servers run as another user when this is root.
  await chmod(parent, 0o755);
  const dataDir = join(parent, "data");
  const port = await unusedPort();
  const launcher = spawn(
    process.execPath,
    [main, "local", "--shards", String(shards), "--data-dir", dataDir, "--port", String(port)],
    { env: { ...process.env, SHARDGRES_FSYNC: fsync ? "on" : "off" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const stop = async () => {
    if (launcher.exitCode === null && launcher.signalCode === null) {
      launcher.kill("SIGTERM");
      await once(launcher, "exit");
    }
    await rm(parent, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await ready(launcher);
    const gatewayPid = programOf(launcher, "gateway");
    const controllerPid = programOf(launcher, "controller");
    const names = Array.from({ length: shards }, (_, i) => `s${i + 1}`);
    const postmasters = await Promise.all(
      names.map((name) => postmasterPid(join(dataDir, "tablets", `${name}-0`, "pgdata"))),
    );
    return { port, dataDir, gatewayPid, controllerPid, postmasters, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Pid of the launcher's child. */
function programOf(launcher: ChildProcess, who: "gateway" | "controller"): number {
  const found = childrenOf(launcher.pid!).find((pid) =>
    commandLine(pid).some((argument) => argument.endsWith(`/${who}/main.ts`)),
  );
  if (found === undefined) throw new Error(`the launcher has no ${who}`);
  return found;
}

/** Resolves when the launcher says how to connect. */
function ready(launcher: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const look = (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes("Connect with:")) resolve();
    };
    launcher.stdout?.on("data", look);
    launcher.stderr?.on("data", look);
    launcher.on("exit", () => reject(new Error(`shardgres local has ended:\n${printed}`)));
  });
}

async function postmasterPid(dataDirectory: string): Promise<number> {
  const text = await readFile(join(dataDirectory, "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}
