// Between a client and a server: passes everything on, until it is told to lose the next answer.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface AnswerProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** How many answers have been lost. */
  readonly lost: number;
  /** The next bytes that come from the server are dropped, and the connection is cut. */
  loseNextAnswer(): void;
}

/** To a port of 127.0.0.1. Ends with the test. */
export async function startAnswerProxy(serverPort: number): Promise<AnswerProxy> {
  const sockets = new Set<Socket>();
  let isToLose = false;
  let lost = 0;
  const proxy = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      if (!isToLose) {
        client.write(bytes);
        return;
      }
      isToLose = false;
      lost++;
      client.destroy();
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("a listening server has no port");
  return {
    port: address.port,
    get lost() {
      return lost;
    },
    loseNextAnswer() {
      isToLose = true;
    },
  };
}
