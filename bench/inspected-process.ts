// A Node process that can be profiled while it runs, through its inspector (Chrome DevTools Protocol).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
}

/** Type `Profiler.Profile` of the protocol. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame; readonly children?: number[] }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export class InspectedProcess {
  readonly child: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>();
  #lastId = 0;

  /** Resolves when the inspector is connected and the program has printed a line that contains `readyText`. */
  static async start(main: string, args: readonly string[], readyText: string): Promise<InspectedProcess> {
    const child = spawn(process.execPath, ["--inspect=127.0.0.1:0", main, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const found = Promise.withResolvers<string>();
    const look = (chunk: Buffer) => {
      printed += chunk.toString();
      const url = /ws:\/\/\S+/.exec(printed)?.[0];
      if (url !== undefined && printed.includes(readyText)) found.resolve(url);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("exit", (code) => found.reject(new Error(`${main} ended with code ${code}:\n${printed}`)));
    const socket = new WebSocket(await found.promise);
    await once(socket, "open");
    const process_ = new InspectedProcess(child, socket);
    await process_.call("Profiler.enable", {});
    await process_.call("Profiler.setSamplingInterval", { interval: 200 });
    return process_;
  }

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.child = child;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data));
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  call(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
    });
  }

  /** The CPU profile of the time that `work` takes. */
  async profile(work: () => Promise<void>): Promise<CpuProfile> {
    await this.call("Profiler.start", {});
    await work();
    const { profile } = (await this.call("Profiler.stop", {})) as { profile: CpuProfile };
    return profile;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await exited;
  }
}
