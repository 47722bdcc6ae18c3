// The life of PostgreSQL's process, as often as it is started: stopped -> starting -> running -> stopped, or from starting
// back to stopped when the start fails.
import { delay } from "../../src/base/delay.ts";
import type { Log } from "../../src/base/log.ts";
import type { Postmaster } from "./postmaster.ts";
import type { ServerProcess, StopMode } from "./server.ts";
import { killPostgres } from "./stop-leftovers.ts";

/** How long a stop may take before the next stronger one. */
const fastLimitMs = 10_000;
const immediateLimitMs = 5_000;
const pollMs = 5;

type State =
  | { readonly kind: "stopped"; readonly how: string | undefined }
  | { readonly kind: "starting"; readonly since: number; readonly launched: Promise<Postmaster> }
  | { readonly kind: "running"; readonly postmaster: Postmaster };

export class TabletProcess {
  #dataDirectory: string;
  #log: Log;
  #state: State = { kind: "stopped", how: undefined };
  #isStopping = false;
  #endListeners: ((how: string) => void)[] = [];

  constructor(dataDirectory: string, log: Log) {
    this.#dataDirectory = dataDirectory;
    this.#log = log;
  }

  get state(): ServerProcess {
    const state = this.#state;
    if (state.kind === "running") return { kind: "running", pid: state.postmaster.pid };
    return state.kind === "starting" ? { kind: "starting", sinceMs: performance.now() - state.since } : state;
  }

  /** undefined: it does not accept connections. */
  get running(): Postmaster | undefined {
    return this.#state.kind === "running" ? this.#state.postmaster : undefined;
  }

  /** Told when it ends without having been asked to. */
  onEnd(listener: (how: string) => void): void {
    this.#endListeners.push(listener);
  }

  /**
   * Resolves when it accepts connections. A start that fails is tried again as long as `mayTryAgain`, and nobody has asked
   * to stop. Throws what `launch` and `Postmaster.ready` throw.
   */
  async start(launch: () => Promise<Postmaster>, mayTryAgain: () => Promise<boolean>): Promise<void> {
    this.#isStopping = false;
    for (;;) {
      try {
        await this.#startOnce(launch());
        return;
      } catch (error) {
        if (this.#isStopping || !(await mayTryAgain())) {
          this.#state = { kind: "stopped", how: error instanceof Error ? error.message : String(error) };
          throw error;
        }
      }
    }
  }

  async #startOnce(launched: Promise<Postmaster>): Promise<void> {
    this.#state = { kind: "starting", since: performance.now(), launched };
    const postmaster = await launched;
    postmaster.exited.then((how) => this.#ended(postmaster, how));
    await postmaster.ready();
    this.#state = { kind: "running", postmaster };
  }

  #ended(postmaster: Postmaster, how: string): void {
    // A start that fails says so itself.
    if (this.running !== postmaster) return;
    this.#state = { kind: "stopped", how };
    if (!this.#isStopping) for (const listener of this.#endListeners) listener(how);
  }

  /** Resolves when it has stopped, as strongly as it takes. */
  async stop(mode: StopMode): Promise<void> {
    const state = this.#state;
    if (state.kind === "stopped") return;
    this.#isStopping = true;
    const postmaster = state.kind === "running" ? state.postmaster : await state.launched.catch(() => undefined);
    if (postmaster !== undefined) await this.#end(postmaster, mode);
    // A start that this has ended finds out by itself.
    while (this.state.kind !== "stopped") await delay(pollMs);
  }

  async #end(postmaster: Postmaster, mode: StopMode): Promise<void> {
    const endsWithin = (limitMs: number) =>
      Promise.race([postmaster.exited.then(() => true), delay(limitMs).then(() => false)]);
    if (mode === "smart") {
      postmaster.stop("smart");
      await postmaster.exited;
      return;
    }
    if (mode === "fast") {
      postmaster.stop("fast");
      if (await endsWithin(fastLimitMs)) return;
      this.#log.warn("PostgreSQL does not stop fast; stopping it immediately");
    }
    if (mode !== "kill") {
      postmaster.stop("immediate");
      if (await endsWithin(immediateLimitMs)) return;
      this.#log.warn("PostgreSQL does not stop; killing it");
    }
    await killPostgres(postmaster.pid, this.#dataDirectory);
    await postmaster.exited;
  }
}
