// pgbench at the gateway: its own tables and its own transactions in all three protocols, and the sums of balances that
// TPC-B keeps equal, whatever is distributed by what.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { describeWith } from "../support/requirement.ts";
import { runProgram } from "../support/run-program.ts";

const protocols = ["simple", "extended", "prepared"];

describeWith(["pgbench"], "pgbench", () => {
  let cluster: TestCluster;
  let clients: ClusterClients;
  let client: pg.Client;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "shardgres-pgbench-"));
    cluster = await startCluster({ shards: 3 });
    clients = new ClusterClients(cluster, 3);
    client = await clients.open();
  });
  afterAll(async () => {
    await clients?.end();
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function pgbench(...args: string[]): Promise<string> {
    const environment = {
      PGHOST: "127.0.0.1",
      PGPORT: String(cluster.port),
      PGUSER: "postgres",
      PGDATABASE: "postgres",
    };
    const { code, stdout, stderr } = await runProgram("pgbench", args, { environment });
    expect(code, `${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  /** Runs 4 clients with 50 transactions each. */
  async function run(protocol: string, ...args: string[]): Promise<void> {
    const report = await pgbench("-n", "-M", protocol, "-c", "4", "-j", "2", "-t", "50", ...args);
    expect(report).toContain("number of transactions actually processed: 200/200");
    expect(report).toContain("number of failed transactions: 0 ");
  }

  const sums = () =>
    rowsOf(
      client,
      `select (select sum(abalance) from pgbench_accounts), (select sum(tbalance) from pgbench_tellers),
              (select sum(bbalance) from pgbench_branches), (select coalesce(sum(delta), 0) from pgbench_history),
              (select count(*) from pgbench_history)`,
    );

  async function expectBalance(transactions: number): Promise<void> {
    const [accounts, tellers, branches, history, count] = (await sums())[0]!.split("|");
    expect([accounts, tellers, branches]).toEqual([history, history, history]);
    expect(count).toBe(String(transactions));
    expect(await clients.onShards("select gid from pg_prepared_xacts")).toEqual(clients.everywhere());
  }

  describe("unsharded tables", () => {
    test("are made and filled by pgbench -i", async () => {
      await pgbench("-i", "-s", "1", "-q");
      expect(await rowsOf(client, "select count(*), min(aid), max(aid) from pgbench_accounts")).toEqual([
        "100000|1|100000",
      ]);
      expect(await clients.onShards("select count(*) from pgbench_accounts")).toEqual({
        ...clients.everywhere("0"),
        s1: ["100000"],
      });
      expect(await sums()).toEqual(["0|0|0|0|0"]);
    });

    test.each(protocols)("TPC-B with -M %s keeps the sums", async (protocol) => {
      await client.query("truncate pgbench_history");
      await runAll(
        client,
        "update pgbench_accounts set abalance = 0 where abalance <> 0",
        "update pgbench_tellers set tbalance = 0",
        "update pgbench_branches set bbalance = 0",
      );
      await run(protocol);
      await expectBalance(200);
    });
  });

  describe("tables distributed each by its own key", () => {
    beforeAll(async () => {
      await runAll(
        client,
        "select create_distributed_table('pgbench_accounts', 'aid')",
        "select create_distributed_table('pgbench_tellers', 'tid')",
        "select create_distributed_table('pgbench_branches', 'bid')",
        "alter table pgbench_history alter column aid set not null",
        "select create_distributed_table('pgbench_history', 'aid')",
      );
    });

    test.each(protocols)("selects with -M %s", async (protocol) => {
      await run(protocol, "-S");
    });

    test.each(protocols)("TPC-B with -M %s is a two-phase commit each time, and keeps the sums", async (protocol) => {
      await runAll(
        client,
        "truncate pgbench_history",
        "update pgbench_accounts set abalance = 0 where abalance <> 0",
        "update pgbench_tellers set tbalance = 0",
        "update pgbench_branches set bbalance = 0",
      );
      await run(protocol);
      await expectBalance(200);
    });

    test("are filled again by pgbench, by COPY and by INSERT .. SELECT", async () => {
      for (const step of ["g", "G"]) {
        await pgbench("-i", "-s", "1", "-q", "-I", step);
        expect(await rowsOf(client, "select count(*), count(distinct aid) from pgbench_accounts")).toEqual([
          "100000|100000",
        ]);
        const counts = Object.values(await clients.onShards("select count(*) from pgbench_accounts"))
          .flat()
          .map(Number);
        expect(Math.min(...counts)).toBeGreaterThan(30_000);
        expect(await sums()).toEqual(["0|0|0|0|0"]);
      }
      await pgbench("-i", "-I", "d");
    });
  });

  describe("tables distributed by branch", () => {
    const branches = 12;

    beforeAll(async () => {
      await runAll(
        client,
        "create table pgbench_branches (bid int primary key, bbalance int not null default 0)",
        "create table pgbench_tellers (bid int, tid int, tbalance int not null default 0, primary key (bid, tid))",
        "create table pgbench_accounts (bid int, aid int, abalance int not null default 0, primary key (bid, aid))",
        "create table pgbench_history (bid int not null, tid int, aid int, delta int, mtime timestamp)",
        ...["branches", "tellers", "accounts", "history"].map(
          (name) => `select create_distributed_table('pgbench_${name}', 'bid')`,
        ),
        "alter table pgbench_accounts add foreign key (bid) references pgbench_branches",
        `insert into pgbench_branches select b from generate_series(1, ${branches}) b`,
        `insert into pgbench_tellers select b, t from generate_series(1, ${branches}) b, generate_series(1, 10) t`,
        `insert into pgbench_accounts select b, a from generate_series(1, ${branches}) b, generate_series(1, 100) a`,
      );
    });

    test.each(protocols)("every transaction stays on one shard with -M %s, and keeps the sums", async (protocol) => {
      const script = join(directory, "branch.sql");
      writeFileSync(
        script,
        `\\set bid random(1, ${branches})
         \\set tid random(1, 10)
         \\set aid random(1, 100)
         \\set delta random(-5000, 5000)
         begin;
         update pgbench_accounts set abalance = abalance + :delta where bid = :bid and aid = :aid;
         select abalance from pgbench_accounts where bid = :bid and aid = :aid;
         update pgbench_tellers set tbalance = tbalance + :delta where bid = :bid and tid = :tid;
         update pgbench_branches set bbalance = bbalance + :delta where bid = :bid;
         insert into pgbench_history (bid, tid, aid, delta, mtime) values (:bid, :tid, :aid, :delta, current_timestamp);
         end;
        `,
      );
      const decisions = () => clients.onShards("select count(*) from shardgres.commits");
      await client.query("truncate pgbench_history");
      await runAll(
        client,
        ...["accounts set a", "tellers set t", "branches set b"].map((set) => `update pgbench_${set}balance = 0`),
      );
      const before = await decisions();
      await run(protocol, "-f", script);
      await expectBalance(200);
      expect(await decisions()).toEqual(before);
    });
  });
});
