// A cancel request: it travels on a connection of its own, which the server closes when it has sent its signal.
import { connect as connectSocket } from "node:net";
import { serialize } from "pg-protocol";
import type { ServerAddress } from "./server-connection.ts";

const timeoutMs = 5_000;

/** Never fails; `done` is called when the server has taken the request, or cannot be reached. */
export function sendCancelRequest(
  { host, port }: ServerAddress,
  processId: number,
  secretKey: number,
  done: () => void,
): void {
  const socket = host.startsWith("/") ? connectSocket(`${host}/.s.PGSQL.${port}`) : connectSocket(port, host);
  socket.on("close", done);
  socket.on("error", () => socket.destroy());
  socket.setTimeout(timeoutMs, () => socket.destroy());
  socket.on("connect", () => socket.end(serialize.cancel(processId, secretKey)));
  socket.resume();
}
