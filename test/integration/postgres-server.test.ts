// The fixture that the other integration tests stand on.
import { existsSync } from "node:fs";
import pg from "pg";
import { expect, test } from "vitest";
import { startPostgres } from "../support/postgres-server.ts";

async function ask(connection: pg.ClientConfig, sql: string): Promise<unknown> {
  const client = new pg.Client({ user: "postgres", database: "postgres", ...connection });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

test("a server starts, answers on TCP and on its Unix socket, survives a crash, and leaves nothing behind", async () => {
  const server = await startPostgres({ settings: { work_mem: "1234kB" } });
  try {
    expect(await ask(server, "SHOW work_mem")).toBe("1234kB");
    expect(await ask({ host: server.socketDirectory, port: server.port }, "SHOW max_prepared_transactions")).toBe(
      "100",
    );
    await ask(server, "CREATE TABLE t AS SELECT 7 AS seven");
    await server.restart();
    const before = server.pid();
    await server.restart("immediate");
    expect(server.pid()).not.toBe(before);
    expect(await ask({ connectionString: server.connectionString }, "SELECT seven FROM t")).toBe(7);
  } finally {
    await server.stop();
  }
  expect(existsSync(server.dataDirectory)).toBe(false);
});

test("a server that cannot start says why", async () => {
  await expect(startPostgres({ settings: { work_mem: "nonsense" } })).rejects.toThrow(/work_mem/);
});
