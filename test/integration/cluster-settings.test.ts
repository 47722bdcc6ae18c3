// The cluster's settings on real processes, under load: a shard with two standbys, as `shardgres local` runs it.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentClient } from "../../src/agent-api/agent-client.ts";
import type { TabletStatus } from "../../src/agent-api/tablet-status.ts";
import { tlsFilesIn } from "../../src/agent-api/tls-files.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { type Doing, keepDoing } from "../support/keep-doing.ts";
import { runProgram } from "../support/run-program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const tablets = ["s1-0", "s1-1", "s1-2"];

let cluster: TestCluster;
let agents: ReturnType<typeof agentClient>;

beforeAll(async () => {
  cluster = await startCluster({ shards: 1, replicas: 2 });
  agents = agentClient({ tls: tlsFilesIn(join(cluster.dataDir, "certificates"), "admin") });
  await atGateway((client) =>
    client.query("create table account (id int primary key, balance int not null default 0)"),
  );
  await atGateway((client) => client.query("insert into account select generate_series(1, 10)"));
  await settled();
}, 120_000);

afterAll(async () => {
  agents?.close();
  await cluster?.stop();
});

const settings = (...args: string[]) =>
  runProgram(process.execPath, [main, "settings", ...args, "--data-dir", cluster.dataDir]);
const set = async (...assignments: string[]) => {
  expect(await settings("set", ...assignments)).toMatchObject({ code: 0, stderr: "" });
};
const topology = () => readTopology(localStore(join(cluster.dataDir, "topology")));

async function statuses(): Promise<TabletStatus[]> {
  const [shard] = [...(await topology()).shards.values()];
  return await Promise.all(
    shard!.tablets.map(({ name, agent }) => agents.status({ shard: "s1", tablet: name, address: agent! })),
  );
}

/** All tablets have taken notice of the same settings, and nothing is left to do. */
async function settled(): Promise<TabletStatus[]> {
  return await eventually(async () => {
    const [all, { shards }] = [await statuses(), await topology()];
    const [shard] = [...shards.values()];
    const isDone = ({ settings, ready }: TabletStatus) => ready.isGood && settings!.restartPending.length === 0;
    const isSame = new Set(all.map((each) => each.settings!.digest)).size === 1;
    const isCalm = shard!.switchover === undefined && shard!.nextCohort === undefined;
    return all.length === 3 && isSame && isCalm && all.every(isDone) && all;
  });
}

/** What every PostgreSQL says, by the name of its tablet. */
async function onTablets(setting: string): Promise<string[]> {
  const [shard] = [...(await topology()).shards.values()];
  return await Promise.all(
    tablets.map(async (tablet) => {
      const { address } = shard!.tablets.find(({ name }) => name === tablet)!;
      const login = { user: "shardgres", password: cluster.adminPassword, database: "postgres" };
      return await withClient({ ...address, ...login }, async (client) => {
        const { rows } = await client.query(`select current_setting('${setting}') as value`);
        return rows[0].value;
      });
    }),
  );
}

async function atGateway<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  return await withClient({ host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" }, use);
}

async function withClient<T>(config: pg.ClientConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Clients that write, read, and use transactions all the time; an error of any of them fails `stop`. */
async function clients(): Promise<{ stop(): Promise<void> }> {
  const config = { host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" };
  const sessions = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = new pg.Client(config);
      client.on("error", () => {});
      await client.connect();
      return client;
    }),
  );
  const [before] = (await sessions[0]!.query("select sum(balance)::int as sum from account")).rows;
  const [writer, reader, block, named] = sessions as [pg.Client, pg.Client, pg.Client, pg.Client];
  const add = "update account set balance = balance + 1 where id = $1";
  const work: Doing[] = [
    keepDoing(() => writer.query(add, [1])),
    keepDoing(() => reader.query("select sum(balance) from account")),
    keepDoing(async () => {
      await block.query("begin");
      await block.query(add, [2]);
      await block.query("commit");
    }),
    keepDoing(() => named.query({ name: "add", text: add, values: [3] })),
  ];
  return {
    async stop() {
      const done = await Promise.all(work.map((each) => each.stop()));
      const [after] = (await writer.query("select sum(balance)::int as sum from account")).rows;
      await Promise.all(sessions.map((session) => session.end()));
      const written = [done[0]!, done[2]!, done[3]!].reduce((sum, { rounds }) => sum + rounds, 0);
      expect(after.sum - before.sum).toBe(written);
      expect(Math.min(...done.map(({ rounds }) => rounds))).toBeGreaterThan(5);
    },
  };
}

describe("while clients work, without an error of any of them", () => {
  test("what needs no restart counts at once, everywhere", async () => {
    const working = await clients();
    const { term } = (await statuses()).find(({ role }) => role === "primary")!;
    await set("work_mem=7MB", "log_min_duration_statement=10s");
    await eventually(async () => (await onTablets("work_mem")).every((value) => value === "7MB"));
    await working.stop();
    expect((await statuses()).find(({ role }) => role === "primary")!.term).toBe(term);
  });

  test("room that is raised goes to the standbys first, then the primary is switched over", async () => {
    const before = (await statuses()).find(({ role }) => role === "primary")!;
    const working = await clients();
    await set("max_connections=310", "max_prepared_transactions=210");
    await eventually(async () => (await onTablets("max_connections")).every((value) => value === "310"));
    const after = await settled();
    await working.stop();
    expect(await onTablets("max_prepared_transactions")).toEqual(["210", "210", "210"]);
    const primary = after.find(({ role }) => role === "primary")!;
    expect(primary.name).not.toBe(before.name);
    expect(primary.term).toBeGreaterThan(before.term!);
  });

  test("room that is lowered counts on the primary first, which starts again in place", async () => {
    const before = (await statuses()).find(({ role }) => role === "primary")!;
    const working = await clients();
    await set("max_connections=250");
    await eventually(async () => (await onTablets("max_connections")).every((value) => value === "250"));
    const after = await settled();
    await working.stop();
    const primary = after.find(({ role }) => role === "primary")!;
    expect([primary.name, primary.term]).toEqual([before.name, before.term]);
  });
});

describe("what a PostgreSQL refuses", () => {
  test("is told, and those of before stay in force", async () => {
    await set("work_mem=lots");
    const told = 'invalid value for parameter "work_mem": "lots"';
    await eventually(async () => (await statuses()).every(({ settings }) => settings!.refused?.includes(told)));
    expect(await onTablets("work_mem")).toEqual(["7MB", "7MB", "7MB"]);
    const status = await runProgram(process.execPath, [main, "shards", "status", "--data-dir", cluster.dataDir]);
    expect(status.code).toBe(1);
    expect(status.stdout).toContain("problem: s1-0 goes on with the settings of before: invalid value");
    await set("work_mem=8MB");
    await eventually(async () => (await onTablets("work_mem")).every((value) => value === "8MB"));
    expect((await settled()).every(({ settings }) => settings!.refused === undefined)).toBe(true);
  });

  test("at a start takes one standby down for a moment, and nobody else", async () => {
    const { term } = (await statuses()).find(({ role }) => role === "primary")!;
    const working = await clients();
    await set("shared_preload_libraries=no_such_library");
    const refusing = () => eventually(async () => (await statuses()).find(({ settings }) => settings!.refused));
    expect((await refusing()).settings!.refused).toContain("no_such_library");
    await eventually(async () => {
      const all = await statuses();
      return all.filter(({ settings }) => settings!.refused).length === 1 && all.every(({ ready }) => ready.isGood);
    });
    const waiting = (await statuses()).find(({ role }) => role === "primary")!;
    expect(waiting).toMatchObject({ term, settings: { restartPending: ["shared_preload_libraries"] } });
    expect(await settings("reset", "shared_preload_libraries")).toMatchObject({ code: 0 });
    await settled();
    await working.stop();
    expect((await statuses()).find(({ role }) => role === "primary")!.term).toBe(term);
  });
});

test("the command shows what is chosen, and refuses what Shardgres needs for itself", async () => {
  expect((await settings("show")).stdout).toContain("max_connections = 250\n");
  expect(await settings("set", "Synchronous_Standby_Names=*")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "error: the setting synchronous_standby_names cannot be chosen: the durability of the shards says whose acknowledgement a commit waits for\n",
  });
});
