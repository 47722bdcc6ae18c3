// Cancel requests against a real server: they stop what is running, and nothing else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServerConnection } from "../../src/pgclient/server-connection.ts";
import { runSimple } from "../../src/pool/run-simple.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";

let server: PostgresServer;
let connection: ServerConnection;

beforeAll(async () => {
  server = await startPostgres();
  const login = { database: "postgres", user: "postgres", secret: undefined };
  connection = await ServerConnection.open({ host: server.host, port: server.port }, login, 10_000);
});
afterAll(async () => {
  connection?.close();
  await server?.stop();
});

test("a request in flight is cancelled", async () => {
  const running = runSimple(connection, "select pg_sleep(100)");
  const stopped = expect(running).rejects.toMatchObject({ fields: { code: "57014" } });
  // A server that is sent a cancel request before it has read the statement takes no notice of it.
  const again = setInterval(() => connection.cancel(), 50);
  await stopped;
  clearInterval(again);
});

test("a cancel request that comes too late does not hit the next request", async () => {
  for (let round = 0; round < 200; round++) {
    const { answered } = connection;
    connection.cancel();
    expect(connection.isCancelling).toBe(true);
    const next = runSimple(connection, "select pg_sleep(0.003)");
    const behind = runSimple(connection, "select 1");
    expect(connection.inFlight).toBe(2);
    await Promise.all([next, behind]);
    expect(connection.answered - answered).toBe(2);
  }
});

test("requests that were held back are told when the connection is lost", async () => {
  connection.cancel();
  const held = runSimple(connection, "select 1");
  connection.close();
  await expect(held).rejects.toMatchObject({ code: "server-connection-lost" });
  expect(connection.inFlight).toBe(0);
});
