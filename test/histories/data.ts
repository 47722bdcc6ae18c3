// Lists and registers as tables, and the statements that read and write several of them at once.
import assert from "node:assert/strict";
import type pg from "pg";
import { type ClusterClients, runAll } from "../support/cluster-clients.ts";
import type { History, Key, Read, Value, Write } from "./checker/history.ts";

export interface Data {
  readonly kind: History["kind"];
  readonly table: string;
  create(client: pg.Client): Promise<void>;
  /** All keys are there, and nothing has been written to them. */
  reset(client: pg.Client): Promise<void>;
  read(client: pg.Client, keys: readonly Key[]): Promise<Read[]>;
  /** With what was replaced, where that is known. */
  write(client: pg.Client, writes: readonly Write[]): Promise<Write[]>;
  /** Everything, as the shards have it. */
  readAll(clients: ClusterClients): Promise<Read[]>;
}

const keyCount = 6_000;

export const lists: Data = {
  kind: "lists",
  table: "list",
  async create(client) {
    await runAll(
      client,
      "create table list (id int primary key, items int[] not null default '{}')",
      "select create_distributed_table('list', 'id')",
    );
  },
  async reset(client) {
    await runAll(client, "truncate list", `insert into list select n from generate_series(1, ${keyCount}) n`);
  },
  async read(client, keys) {
    const rows = await select<{ id: Key; items: Value[] }>(client, "id, items", "list", keys);
    return complete(
      keys,
      rows.map(({ id, items }) => ({ key: id, seen: items })),
    );
  },
  async write(client, writes) {
    const keys = writes.map(({ key }) => key);
    const { rowCount } = await client.query(`update list set items = items || ${byKey(writes)} where ${among(keys)}`);
    assert.equal(rowCount, writes.length);
    return [...writes];
  },
  async readAll(clients) {
    const rows = Object.values(await clients.onShards("select id, array_to_string(items, ' ') from list")).flat();
    return rows.map((row) => {
      const [id, items = ""] = row.split("|");
      return { key: Number(id), seen: items.split(" ").filter(Boolean).map(Number) };
    });
  },
};

export const registers: Data = {
  kind: "registers",
  table: "register",
  async create(client) {
    await runAll(
      client,
      "create table register (id int primary key, value int not null default 0)",
      "select create_distributed_table('register', 'id')",
    );
  },
  async reset(client) {
    await runAll(client, "truncate register", `insert into register select n from generate_series(1, ${keyCount}) n`);
  },
  async read(client, keys) {
    const rows = await select<{ id: Key; value: Value }>(client, "id, value", "register", keys);
    return complete(
      keys,
      rows.map(({ id, value }) => registerRead(id, value)),
    );
  },
  async write(client, writes) {
    const keys = writes.map(({ key }) => key);
    const { rows } = await client.query<{ id: Key; replaced: Value }>(
      `update register set value = ${byKey(writes)} where ${among(keys)} returning id, old.value as replaced`,
    );
    assert.equal(rows.length, writes.length);
    return writes.map((write) => ({ ...write, replaced: rows.find(({ id }) => id === write.key)!.replaced }));
  },
  async readAll(clients) {
    const rows = Object.values(await clients.onShards("select id, value from register")).flat();
    return rows.map((row) => {
      const [id, value] = row.split("|").map(Number);
      return registerRead(id!, value!);
    });
  },
};

function registerRead(key: Key, value: Value): Read {
  return { key, seen: value === 0 ? [] : [value] };
}

/** One statement, in one of the forms that the planner treats differently. */
async function select<Row extends pg.QueryResultRow>(
  client: pg.Client,
  columns: string,
  table: string,
  keys: readonly Key[],
): Promise<Row[]> {
  const text = `select ${columns} from ${table} where ${among(keys)}`;
  switch (keys.reduce((sum, key) => sum + key, 0) % 3) {
    case 0:
      return (await client.query<Row>(text)).rows;
    case 1:
      // A prepared one, to all shards.
      return (await client.query<Row>(`select ${columns} from ${table} where id = any($1)`, [keys])).rows;
    default: {
      // Its rows travel to one shard, which counts them.
      const counted = `select ${columns}, row_number() over (order by id) from ${table} where ${among(keys)}`;
      return (await client.query<Row>(`select ${columns} from (${counted}) counted`)).rows;
    }
  }
}

/** The first form goes to the shards of its keys, the second to all of them. */
function among(keys: readonly Key[]): string {
  return keys.length % 2 === 0 ? `id in (${keys.join(", ")})` : `id = any('{${keys.join(", ")}}')`;
}

function byKey(writes: readonly Write[]): string {
  return `case id ${writes.map(({ key, value }) => `when ${key} then ${value}`).join(" ")} end`;
}

function complete(keys: readonly Key[], reads: Read[]): Read[] {
  assert.equal(reads.length, keys.length);
  return reads;
}
