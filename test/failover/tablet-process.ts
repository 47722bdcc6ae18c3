// One tablet of the stage as its machine sees it: the agent, which somebody starts again whenever it has ended, and
// PostgreSQL with all its processes. Linux only.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { delay } from "../../src/base/delay.ts";
import { type Program, startProgram } from "../../src/local/program.ts";
import type { ServerUser } from "../../src/local/server-user.ts";
import { tabletAgentMain } from "../../src/local/tablet-program.ts";
import type { Address } from "../../src/topology/snapshot.ts";

export interface TabletProcessOptions {
  readonly name: string;
  readonly directory: string;
  /** Of PostgreSQL, and of the agent's API. */
  readonly postgres: Address;
  readonly api: Address;
  /** Of the agent, without what is said here. */
  readonly args: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: ServerUser | undefined;
  readonly logFile: string;
}

export type Part = "agent" | "postgres";

/** As kubelet and systemd do. */
const startAgainMs = 500;

export class TabletProcess {
  readonly name: string;
  readonly postgres: Address;
  readonly api: Address;
  readonly directory: string;
  #options: TabletProcessOptions;
  #agent: Program | undefined;
  /** While its machine is dead nobody starts anything on it. */
  #isDown = false;
  #isClosing = false;
  #frozen: number[] = [];
  #keeping: Promise<void> | undefined;

  constructor(options: TabletProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.postgres = options.postgres;
    this.api = options.api;
    this.directory = options.directory;
  }

  start(): void {
    this.#keeping = this.#keepRunning();
  }

  /** kill -9, of both at the same moment if both are named. What ends is the agent first: it must not see the other end. */
  kill(...parts: readonly Part[]): void {
    for (const pid of this.#pids(parts)) send(pid, "SIGKILL");
  }

  /** Like `kill`, and nothing is started again until `revive`. */
  keepDown(...parts: readonly Part[]): void {
    this.#isDown = true;
    this.kill(...parts);
  }

  revive(): void {
    this.#isDown = false;
  }

  /** SIGSTOP. */
  freeze(...parts: readonly Part[]): void {
    // The one that makes new processes first, and those that it has made meanwhile.
    for (let before = -1; before !== this.#frozen.length; ) {
      before = this.#frozen.length;
      for (const pid of this.#pids(parts)) {
        if (this.#frozen.includes(pid)) continue;
        send(pid, "SIGSTOP");
        this.#frozen.push(pid);
      }
    }
  }

  thaw(): void {
    for (const pid of this.#frozen) send(pid, "SIGCONT");
    this.#frozen = [];
  }

  /** Nothing of it runs any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.thaw();
    this.#agent?.kill("SIGTERM");
    this.#agent?.kill("SIGQUIT");
    const limit = setTimeout(() => this.kill("agent"), 10_000);
    await this.#keeping;
    clearTimeout(limit);
    for (let pids = this.#pids(["postgres"]); pids.length > 0; pids = this.#pids(["postgres"])) {
      for (const pid of pids) send(pid, "SIGKILL");
      await delay(20);
    }
  }

  async #keepRunning(): Promise<void> {
    while (!this.#isClosing) {
      if (!this.#isDown) {
        this.#agent = await this.#startAgent();
        await this.#agent.exited;
        this.#agent = undefined;
      }
      if (!this.#isClosing) await delay(this.#isDown ? 20 : startAgainMs);
    }
  }

  #startAgent(): Promise<Program> {
    const { name, directory, postgres, api, args, environment, user, logFile } = this.#options;
    const all = { tablet: name, directory, postgres: text(postgres), api: text(api), ...args };
    return startProgram({
      main: tabletAgentMain,
      args: Object.entries(all).flatMap(([option, value]) => [`--${option}`, value]),
      user,
      logFile,
      environment,
      onLine: () => {},
    });
  }

  #pids(parts: readonly Part[]): number[] {
    const agent = parts.includes("agent") ? this.#agent?.pid : undefined;
    return [...(agent === undefined ? [] : [agent]), ...(parts.includes("postgres") ? this.#postgresPids() : [])];
  }

  /** The postmaster first. Also those whose postmaster has ended. */
  #postgresPids(): number[] {
    const data = join(this.directory, "pgdata");
    const postmaster = postmasterOf(data);
    const found = readdirSync("/proc").flatMap((entry) => {
      const pid = Number(entry);
      return Number.isInteger(pid) && pid !== postmaster && isAtWorkIn(pid, data) ? [pid] : [];
    });
    return postmaster === undefined || !isAtWorkIn(postmaster, data) ? found : [postmaster, ...found];
  }
}

function postmasterOf(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  } catch {
    return undefined;
  }
}

/** All processes of a PostgreSQL have its data directory as their own. */
function isAtWorkIn(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data && !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

function text({ host, port }: Address): string {
  return `${host}:${port}`;
}
