// A cluster with a bank: accounts distributed over the shards, and connections to the gateway and, past it, to the shards.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName } from "../../src/topology/snapshot.ts";
import { startShardgres } from "../shardgres.ts";

/** What every account begins with; their sum stays. */
export const firstBalance = 100;

export interface Bank {
  readonly clusterId: string;
  readonly controllerPid: number;
  readonly shardNames: readonly ShardName[];
  /** Their ids, for each shard. */
  readonly accounts: readonly (readonly number[])[];
  /** A session at the gateway. */
  open(): Promise<pg.Client>;
  /** A session at a shard, on the way that the gateway takes: its Unix socket, as superuser `shardgres`. */
  openShard(shard: number): Promise<pg.Client>;
  /** Stops everything and deletes the data. */
  stop(): Promise<void>;
}

export async function startBank(shards: number, accounts: number, fsync: boolean): Promise<Bank> {
  const { port, dataDir, controllerPid, stop } = await startShardgres(shards, fsync);
  const opened = new Set<pg.Client>();
  const connect = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ database: "postgres", ...config });
    await client.connect();
    opened.add(client);
    client.once("end", () => opened.delete(client));
    return client;
  };
  const stopAll = async () => {
    await Promise.all([...opened].map((client) => client.end().catch(() => {})));
    await stop();
  };
  try {
    const { clusterId, shards: known } = await readTopology(localStore(join(dataDir, "topology")));
    const shardNames = [...known.keys()].toSorted();
    const password = (await readFile(join(dataDir, "admin-password"), "utf8")).trim();
    const open = () => connect({ host: "127.0.0.1", port, user: "postgres" });
    const openShard = (shard: number) => {
      const address = known.get(shardNames[shard]!)?.primary?.address;
      if (address === undefined) throw new Error(`shard ${shardNames[shard]} has no primary`);
      return connect({ ...address, user: "shardgres", password, options: "-c search_path=public" });
    };

    const client = await open();
    await client.query("CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)");
    await client.query("SELECT create_distributed_table('account', 'id')");
    await client.query(`INSERT INTO account SELECT n, ${firstBalance} FROM generate_series(1, ${accounts}) n`);
    await client.end();
    const ids = await Promise.all(
      shardNames.map(async (_, shard) => {
        const own = await openShard(shard);
        const { rows } = await own.query<{ id: number }>("SELECT id FROM account ORDER BY id");
        await own.query("VACUUM ANALYZE account");
        await own.end();
        return rows.map(({ id }) => id);
      }),
    );
    return { clusterId, controllerPid, shardNames, accounts: ids, open, openShard, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
