// Connections of those who have not shown a certificate of the cluster are few: the oldest makes way for the newest. So
// strangers take neither memory nor places from the agents, whose connections are not counted.
import type { Server } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

const strangersMax = 64;

export function limitStrangers(server: Server, max = strangersMax): void {
  /** By what both events of a connection have in common. The first is the oldest. */
  const strangers = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

  server.on("connection", (socket: Socket) => {
    const name = nameOf(socket);
    strangers.set(name, socket);
    socket.once("close", () => {
      if (strangers.get(name) === socket) strangers.delete(name);
    });
    if (strangers.size <= max) return;
    const [[oldest, first]] = strangers as unknown as [[string, Socket]];
    strangers.delete(oldest);
    first.destroy();
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.authorized) strangers.delete(nameOf(socket));
  });
}
