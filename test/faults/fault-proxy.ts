// A proxy between gateway and shard that knows the messages of the commit protocol, so that a test can let something
// happen at exactly one of them. Until told otherwise it passes everything on.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { Address } from "../../src/topology/snapshot.ts";
import { type MessageListener, ProxiedConnection } from "./proxied-connection.ts";

export class FaultProxy {
  /** Where the gateway finds the shard. */
  readonly address: Address;
  /** Connections of which one side at least is open. */
  readonly connections = new Set<ProxiedConnection>();
  /** To be replaced by whoever wants to know of messages, or to stop at one. */
  onMessage: MessageListener = () => undefined;
  readonly #server: Server;

  /** `target`: of the shard's PostgreSQL; a host that begins with a slash is the directory of its socket. */
  static async start(target: Address): Promise<FaultProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a listening server has no port");
    return new FaultProxy(server, { host: "127.0.0.1", port: address.port }, target);
  }

  private constructor(server: Server, address: Address, target: Address) {
    this.#server = server;
    this.address = address;
    server.on("connection", (client) => {
      const connection = new ProxiedConnection(client, target, (...what) => this.onMessage(...what));
      this.connections.add(connection);
      void connection.closed.then(() => this.connections.delete(connection));
    });
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    this.#server.close();
    for (const connection of this.connections) connection.cut();
    await Promise.all([...this.connections].map(({ closed }) => closed));
  }
}
