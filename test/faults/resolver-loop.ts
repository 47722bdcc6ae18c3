// The resolver of the controller at its most impatient: it looks without pause, and ends whatever is prepared, however
// young. Time is not what makes it right, so nothing may break.
import { delayUnlessAborted } from "../../src/base/delay.ts";
import { AdminConnections } from "../../src/pool/admin-connections.ts";
import type { Topology } from "../../src/topology/snapshot.ts";
import { resolveOnce } from "../support/resolve-once.ts";

const everyMs = 10;

export class ResolverLoop {
  #stopping = new AbortController();
  #running: Promise<void>;

  /** The topology says whether it goes through the proxies. */
  constructor(topology: Topology, password: string) {
    this.#running = this.#run(topology, password);
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(topology: Topology, password: string): Promise<void> {
    const admin = new AdminConnections(() => topology, password, "faults: resolver");
    const context = {
      clusterId: topology.clusterId,
      shards: [...topology.shards.keys()],
      ask: admin.query,
    };
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await resolveOnce(context);
      await delayUnlessAborted(everyMs, signal);
    }
    await admin.close();
  }
}
