// A network between processes on one machine that can be cut: every link from one party to another is a proxy on a port
// of its own. A direction that is cut swallows nothing for good: as with TCP, whose packets are sent again and again, what
// was sent arrives when it is healed. Until then neither bytes nor ends of connections get through.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../src/topology/snapshot.ts";

/** Does what one way of a connection has kept back, if it gets through now. */
type Release = () => void;

export class Network {
  #cuts = new Set<string>();
  #ways = new Set<Release>();
  #sockets = new Set<Socket>();
  #servers: Server[] = [];

  /** Gives the address at which `from` reaches what `to` has at `target`. */
  async link(from: string, to: string, target: Address): Promise<Address> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#join(from, to, client, target));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#servers.push(server);
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  /** Nothing of `from` arrives at `to` any more. */
  cutOneWay(from: string, to: string): void {
    this.#cuts.add(wayName(from, to));
  }

  cut(one: string, other: string): void {
    this.cutOneWay(one, other);
    this.cutOneWay(other, one);
  }

  /** All that was cut. */
  heal(): void {
    this.#cuts.clear();
    for (const release of [...this.#ways]) release();
  }

  async close(): Promise<void> {
    this.#cuts.clear();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #isCut(from: string, to: string): boolean {
    return this.#cuts.has(wayName(from, to));
  }

  /** The target is connected to when the first packet gets there. */
  #join(from: string, to: string, client: Socket, target: Address): void {
    this.#keep(client);
    const begin = () => {
      const server = connect({ ...target, allowHalfOpen: true });
      this.#keep(server);
      this.#pass(from, to, client, server);
      this.#pass(to, from, server, client);
    };
    if (!this.#isCut(from, to)) {
      begin();
      return;
    }
    client.pause();
    const release = () => {
      if (this.#isCut(from, to)) return;
      this.#ways.delete(release);
      if (client.destroyed) return;
      begin();
      client.resume();
    };
    this.#ways.add(release);
  }

  #pass(from: string, to: string, source: Socket, sink: Socket): void {
    let waiting: (() => void)[] = [];
    /** Now, or when it gets through. */
    const deliver = (what: () => void) => {
      if (this.#isCut(from, to)) {
        source.pause();
        waiting.push(what);
      } else what();
    };
    const release = () => {
      if (this.#isCut(from, to)) return;
      const due = waiting;
      waiting = [];
      for (const what of due) what();
      if (!source.destroyed) source.resume();
    };
    this.#ways.add(release);
    source.on("data", (chunk) =>
      deliver(() => {
        if (sink.destroyed || sink.write(chunk)) return;
        source.pause();
        sink.once("drain", () => source.resume());
      }),
    );
    source.on("end", () => deliver(() => sink.end()));
    source.on("close", () =>
      deliver(() => {
        this.#ways.delete(release);
        // What was written before is sent, unless nobody reads it any more.
        sink.destroySoon();
      }),
    );
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    // That it is closed then is all there is to know.
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

function wayName(from: string, to: string): string {
  return `${from} ${to}`;
}
