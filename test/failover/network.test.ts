// The network that can be cut does what it says; else what is shown with it shows nothing.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { eventually } from "../support/eventually.ts";
import { Network } from "./network.ts";

/** Long enough for what would get through to have got through. */
const whileMs = 100;

interface End {
  readonly socket: Socket;
  text(): string;
  isEnded(): boolean;
}

function endOf(socket: Socket): End {
  let [text, ended] = ["", false];
  socket.on("data", (chunk) => {
    text += chunk.toString();
  });
  socket.on("error", () => {});
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      ended = true;
    });
  }
  return { socket, text: () => text, isEnded: () => ended };
}

async function stage() {
  const network = new Network();
  const accepted: End[] = [];
  const server = createServer((socket) => accepted.push(endOf(socket))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = await network.link("a", "b", { host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  const clients: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of [...clients, ...accepted.map((end) => end.socket)]) socket.destroy();
    await network.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const dial = () => {
    const socket = connect(address);
    clients.push(socket);
    return endOf(socket);
  };
  return { network, accepted, dial };
}

async function joined() {
  const { network, accepted, dial } = await stage();
  const a = dial();
  a.socket.write("1");
  await eventually(() => accepted[0]?.text() === "1");
  return { network, a, b: accepted[0]! };
}

test("it passes everything on, and the end as well", async () => {
  const { a, b } = await joined();
  b.socket.write("2");
  await eventually(() => a.text() === "2");
  a.socket.end("3");
  await eventually(() => b.text() === "13" && b.isEnded());
});

test("what is sent while it is cut arrives when it is healed, in order", async () => {
  const { network, a, b } = await joined();
  network.cut("a", "b");
  a.socket.write("2");
  b.socket.write("x");
  await delay(whileMs);
  a.socket.write("3");
  await delay(whileMs);
  expect([b.text(), a.text()]).toEqual(["1", ""]);
  network.heal();
  await eventually(() => b.text() === "123" && a.text() === "x");
  a.socket.write("4");
  await eventually(() => b.text() === "1234");
});

test("one way only, the other one goes on", async () => {
  const { network, a, b } = await joined();
  network.cutOneWay("a", "b");
  a.socket.write("2");
  b.socket.write("x");
  await eventually(() => a.text() === "x");
  await delay(whileMs);
  expect(b.text()).toBe("1");
});

test("nobody hears of the end of the other while it is cut", async () => {
  const { network, a, b } = await joined();
  network.cut("a", "b");
  a.socket.destroy();
  await delay(whileMs);
  expect(b.isEnded()).toBe(false);
  network.heal();
  await eventually(() => b.isEnded());
});

test("who connects while it is cut gets no answer, and is connected when it is healed", async () => {
  const { network, accepted, dial } = await stage();
  network.cut("a", "b");
  const a = dial();
  a.socket.write("1");
  await delay(whileMs);
  expect(accepted).toEqual([]);
  network.heal();
  await eventually(() => accepted[0]?.text() === "1");
});

test("links of others are not touched", async () => {
  const { network, a, b } = await joined();
  network.cut("a", "c");
  network.cut("c", "b");
  a.socket.write("2");
  await eventually(() => b.text() === "12");
});
