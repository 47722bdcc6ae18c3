// What can go wrong at a message between gateway and shard. The connection of that message stands still when a fault
// strikes; a fault ends by cutting it or by letting it go on.
import { unreachable } from "../../src/base/assert.ts";
import { delay } from "../../src/base/delay.ts";
import type { FaultCluster } from "./fault-cluster.ts";
import type { SeenMessage } from "./message-watch.ts";
import type { ProxiedConnection } from "./proxied-connection.ts";
import { continueServer, killServer, stopServer } from "./server-processes.ts";
import type { WireMessage } from "./wire-message.ts";

export interface Scene {
  readonly cluster: FaultCluster;
  /** At the other end of the connection. */
  readonly shard: string;
  readonly connection: ProxiedConnection;
}

/** Of the messages that a fault is for: all; those that begin or end an exchange; those that begin one; none. */
export type Thoroughness = "every message" | "first and last messages" | "first messages" | "none";

export interface Fault {
  readonly name: string;
  /** Whether it is another fault than those before it, at this message. */
  readonly isFor: (message: WireMessage) => boolean;
  /**
   * At work from the moment of the fault, without any patience, so that it gets in everybody's way. Without it the
   * gateway has to clean up by itself.
   */
  readonly resolver: boolean;
  /** Where it strikes without SHARDGRES_LONG; the first kind of transaction always gets all. */
  readonly elsewhere: Thoroughness;
  /** Resolves when it is over. */
  strike(scene: Scene): Promise<void>;
}

/** Long enough for a resolver without patience to look at all shards several times. */
const outageMs = 200;

const any = () => true;
const isRequest = ({ direction }: WireMessage) => direction === "request";

export const faults: readonly Fault[] = [
  {
    name: "the connection is cut",
    isFor: any,
    resolver: false,
    elsewhere: "every message",
    async strike({ connection }) {
      connection.cut();
    },
  },
  {
    name: "the connection is cut, and the request arrives later all the same",
    isFor: isRequest,
    resolver: true,
    elsewhere: "every message",
    async strike({ connection }) {
      connection.cutClient();
      await delay(outageMs);
      connection.thaw();
    },
  },
  {
    name: "nothing passes for a while",
    isFor: any,
    resolver: true,
    elsewhere: "none",
    async strike({ connection }) {
      await delay(outageMs);
      connection.thaw();
    },
  },
  {
    name: "the gateway is killed",
    isFor: any,
    resolver: true,
    elsewhere: "first messages",
    async strike({ cluster, connection }) {
      await cluster.killGateway();
      connection.cut();
    },
  },
  {
    name: "the gateway is killed, and its request arrives later",
    isFor: isRequest,
    resolver: true,
    elsewhere: "none",
    async strike({ cluster, connection }) {
      await cluster.killGateway();
      await delay(outageMs);
      connection.thaw();
    },
  },
  {
    name: "the gateway is stopped for a while",
    isFor: any,
    resolver: true,
    elsewhere: "none",
    async strike({ cluster, connection }) {
      cluster.signalGateway("SIGSTOP");
      connection.thaw();
      await delay(outageMs);
      cluster.signalGateway("SIGCONT");
    },
  },
  {
    name: "the shard is killed",
    isFor: any,
    resolver: false,
    elsewhere: "first and last messages",
    async strike({ cluster, shard, connection }) {
      killServer(cluster.dataDirectory(shard));
      connection.cut();
    },
  },
  {
    name: "the shard's process for this connection is killed",
    isFor: any,
    resolver: false,
    elsewhere: "none",
    async strike({ connection }) {
      process.kill(connection.backendPid!, "SIGKILL");
      await delay(outageMs);
      connection.cut();
    },
  },
  {
    name: "the shard is stopped for a while",
    isFor: any,
    resolver: true,
    elsewhere: "none",
    async strike({ cluster, shard, connection }) {
      const stopped = stopServer(cluster.dataDirectory(shard));
      connection.thaw();
      await delay(outageMs);
      continueServer(stopped);
    },
  },
  {
    name: "gateway and shard are killed",
    isFor: any,
    resolver: true,
    elsewhere: "none",
    async strike({ cluster, shard, connection }) {
      killServer(cluster.dataDirectory(shard));
      await cluster.killGateway();
      connection.cut();
    },
  },
];

/** The messages of a recording that a fault is to strike at. */
export function messagesFor(
  fault: Fault,
  thoroughness: Thoroughness,
  recording: readonly SeenMessage[],
): readonly SeenMessage[] {
  const begins = ({ type }: WireMessage) => type === "Q" || type === "P";
  const ends = ({ type }: WireMessage) => type === "Z";
  return recording.filter(({ message }) => {
    if (!fault.isFor(message)) return false;
    switch (thoroughness) {
      case "every message":
        return true;
      case "first and last messages":
        return begins(message) || ends(message);
      case "first messages":
        return begins(message);
      case "none":
        return false;
      default:
        return unreachable(thoroughness);
    }
  });
}
