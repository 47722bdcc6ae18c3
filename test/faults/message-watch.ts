// Numbers the messages of one run as they pass the proxies, and lets faults strike at some of them.
import type { FaultCluster } from "./fault-cluster.ts";
import type { Fault } from "./faults.ts";
import type { ProxiedConnection } from "./proxied-connection.ts";
import type { WireMessage } from "./wire-message.ts";

export interface SeenMessage {
  readonly shard: string;
  /** Among the messages of this shard. */
  readonly index: number;
  readonly message: WireMessage;
}

/** Where a fault strikes. */
export interface Place extends SeenMessage {
  /** Nothing of the message is delivered, or the first half of it. */
  readonly at: "before" | "within";
}

export interface PlannedStrike {
  readonly place: Place;
  readonly fault: Fault;
}

export interface Strike extends PlannedStrike {
  readonly atMs: number;
  /** How many messages had been seen, this one included. */
  readonly seen: number;
  /** Resolves when the fault is over. */
  readonly over: Promise<void>;
  /** Connections that there were. */
  readonly connections: readonly { readonly shard: string; readonly connection: ProxiedConnection }[];
}

export class MessageWatch {
  /** In the order in which the proxies have seen them. */
  readonly seen: SeenMessage[] = [];
  readonly strikes: Strike[] = [];
  readonly #cluster: FaultCluster;
  readonly #planned: readonly PlannedStrike[];

  constructor(cluster: FaultCluster, planned: readonly PlannedStrike[], onStrike: (strike: Strike) => void = () => {}) {
    this.#cluster = cluster;
    this.#planned = planned;
    for (const [shard, proxy] of cluster.proxies) {
      let next = 0;
      proxy.onMessage = (message, bytes) => {
        const index = next++;
        this.seen.push({ shard, index, message });
        const plan = planned.find(({ place }) => place.shard === shard && place.index === index);
        if (plan === undefined) return undefined;
        const { length } = this.seen;
        return {
          deliver: plan.place.at === "before" ? 0 : bytes.length >> 1,
          stopped: (connection) => onStrike(this.#strike(plan, length, connection)),
        };
      };
    }
  }

  /** What has not struck yet. */
  missing(): PlannedStrike[] {
    return this.#planned.filter(({ place }) => !this.strikes.some((strike) => strike.place === place));
  }

  end(): void {
    for (const proxy of this.#cluster.proxies.values()) proxy.onMessage = () => undefined;
  }

  #strike(plan: PlannedStrike, seen: number, connection: ProxiedConnection): Strike {
    const connections = [...this.#cluster.proxies].flatMap(([shard, proxy]) =>
      [...proxy.connections].map((other) => ({ shard, connection: other })),
    );
    const over = plan.fault.strike({ cluster: this.#cluster, shard: plan.place.shard, connection });
    // Awaited when the client has its answer.
    over.catch(() => {});
    const strike = { ...plan, atMs: performance.now(), seen, over, connections };
    this.strikes.push(strike);
    return strike;
  }
}

export function asLine({ shard, index, message }: SeenMessage): string {
  return `${shard} #${index} ${message.direction} ${message.step} ${message.type}`;
}
