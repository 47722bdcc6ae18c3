// pgbouncer in front of the server of "direct", if it is installed. It pools by transaction; versions before 1.21 know no
// prepared statements there, so those are measured with a server connection for each client.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { delay } from "../src/base/delay.ts";
import { runCommand } from "../src/base/run-command.ts";
import { serverUser } from "../src/local/server-user.ts";
import type { PostgresServer } from "../test/support/postgres-server.ts";
import type { Contestant } from "./contestant.ts";
import { unusedPort } from "./unused-port.ts";
import { workloads } from "./workload.ts";

export interface PgbouncerProgram {
  readonly path: string;
  /** "1.18.0" */
  readonly version: string;
}

export async function findPgbouncer(): Promise<PgbouncerProgram | undefined> {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  const path = directories.map((directory) => join(directory, "pgbouncer")).find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const { output } = await runCommand(path, ["--version"]);
  return { path, version: /PgBouncer (\S+)/.exec(output)?.[1] ?? "unknown" };
}

/** undefined: not installed. */
export async function startPgbouncer(server: PostgresServer): Promise<Contestant | undefined> {
  const program = await findPgbouncer();
  if (program === undefined) return undefined;
  // It refuses to run as root, and the server's socket belongs to the user of the server.
  const user = await serverUser(server.dataDirectory);
  const directory = await mkdtemp(join(tmpdir(), "shardgres-bench-"));
  const port = await unusedPort();
  const knowsPrepared = isAtLeast(program.version, 1, 21);
  const files = { ini: join(directory, "pgbouncer.ini"), users: join(directory, "users.txt") };
  await writeFile(files.users, '"postgres" ""\n');
  await writeFile(files.ini, configuration(server, port, files.users, knowsPrepared));
  if (user) await chown(directory, user.uid, user.gid);
  const child = spawn(program.path, ["-q", files.ini], {
    cwd: directory,
    stdio: "ignore",
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await accepts(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: "pgbouncer",
    port,
    database: ({ database }, protocol) =>
      protocol === "prepared" && !knowsPrepared ? `${database}_session` : database,
    proxyPid: child.pid,
    postmasters: [server.pid()],
    stop,
  };
}

function configuration(server: PostgresServer, port: number, users: string, knowsPrepared: boolean): string {
  const databases = workloads.flatMap(({ database }) => {
    const target = `host=${server.socketDirectory} port=${server.port} dbname=${database}`;
    return [`${database} = ${target} pool_mode=transaction`, `${database}_session = ${target} pool_mode=session`];
  });
  const settings = [
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = trust",
    `auth_file = ${users}`,
    "max_client_conn = 1000",
    // As many as the gateway's pool opens.
    "default_pool_size = 64",
    ...(knowsPrepared ? ["max_prepared_statements = 200"] : []),
  ];
  return `[databases]\n${databases.join("\n")}\n[pgbouncer]\n${settings.join("\n")}\n`;
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split(".").map(Number);
  return first > major || (first === major && second >= minor);
}

async function accepts(port: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await delay(50);
    } finally {
      socket.destroy();
    }
  }
}
