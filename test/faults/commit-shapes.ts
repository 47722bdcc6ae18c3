// Transactions that commit over several shards in every way there is, each of which leaves a mark, so that it can be seen
// on each shard by itself whether the transaction is there. For a cluster of three shards.
import type pg from "pg";
import { runAll } from "../support/cluster-clients.ts";
import type { FaultCluster } from "./fault-cluster.ts";

type ShardKind = "home" | "second" | "third";

export interface CommitShape {
  readonly name: string;
  /** Where it leaves its mark. */
  readonly writesOn: readonly ShardKind[];
  /** Where there is no fault it is refused, with this SQLSTATE. */
  readonly refused?: string;
  /** Up to the end of the transaction. `mark` is another number every time. */
  statements(mark: number, tables: MarkTables): readonly string[];
  /** "1" or "0", on one shard. */
  isThereSql(mark: number): string;
}

export class MarkTables {
  readonly #shards: ReadonlyMap<ShardKind, { readonly name: string; readonly key: string }>;

  static async make(cluster: FaultCluster): Promise<MarkTables> {
    const client = await cluster.connect();
    await runAll(
      client,
      "create table mark (id int, run int)",
      "select create_distributed_table('mark', 'id')",
      "create table only_once (id int, word text, unique (id, word) deferrable initially deferred)",
      "select create_distributed_table('only_once', 'id')",
      "insert into mark select n, 0 from generate_series(1, 60) n",
    );
    await client.end();
    const shards = await Promise.all(
      (["home", "second", "third"] as const).map(async (kind, i) => {
        const name = cluster.shards[i]!;
        const [key] = await cluster.sessions.ask(name, "select min(id) from mark");
        return [kind, { name, key: key! }] as const;
      }),
    );
    return new MarkTables(new Map(shards));
  }

  private constructor(shards: ReadonlyMap<ShardKind, { readonly name: string; readonly key: string }>) {
    this.#shards = shards;
  }

  nameOf(shard: ShardKind): string {
    return this.#shards.get(shard)!.name;
  }

  /** Marks one shard. */
  insert(shard: ShardKind, mark: number): string {
    return `insert into mark values (${this.#key(shard)}, ${mark})`;
  }

  insertOnAll(mark: number): string {
    return `insert into mark values ${all.map((shard) => `(${this.#key(shard)}, ${mark})`).join(", ")}`;
  }

  /** What only PREPARE, or COMMIT, finds to be wrong. */
  insertTwice(shard: ShardKind): string {
    return `insert into only_once values (${this.#key(shard)}, 'a'), (${this.#key(shard)}, 'a')`;
  }

  #key(shard: ShardKind): string {
    return this.#shards.get(shard)!.key;
  }
}

const all: readonly ShardKind[] = ["home", "second", "third"];
const markRows = (mark: number) => `select count(*) from mark where run = ${mark}`;

export const commitShapes: readonly CommitShape[] = [
  {
    name: "two shards, in a block",
    writesOn: ["second", "third"],
    statements: (mark, tables) => ["begin", tables.insert("second", mark), tables.insert("third", mark), "commit"],
    isThereSql: markRows,
  },
  {
    name: "three shards, in a block",
    writesOn: all,
    statements: (mark, tables) => ["begin", ...all.map((shard) => tables.insert(shard, mark)), "commit"],
    isThereSql: markRows,
  },
  {
    name: "one statement over three shards",
    writesOn: all,
    statements: (mark, tables) => [tables.insertOnAll(mark)],
    isThereSql: markRows,
  },
  {
    name: "DDL",
    writesOn: all,
    statements: (mark) => [`create table made_${mark} (n int)`],
    isThereSql: (mark) => `select count(*) from pg_class where relname = 'made_${mark}'`,
  },
  {
    name: "a table that is made and distributed",
    writesOn: all,
    statements: (mark) => [
      ...["begin", `create table spread_${mark} (n int)`, `select create_distributed_table('spread_${mark}', 'n')`],
      "commit",
    ],
    isThereSql: (mark) => `select count(*) from shardgres.tables where relation::text = 'spread_${mark}'`,
  },
  {
    name: "with NOTIFY, which cannot be prepared",
    writesOn: all,
    statements: (mark, tables) => [
      ...["begin", tables.insert("second", mark), tables.insert("third", mark), tables.insert("home", mark)],
      ...[`notify faults, '${mark}'`, "commit"],
    ],
    isThereSql: markRows,
  },
  {
    name: "one writer and two readers",
    writesOn: ["second"],
    statements: (mark, tables) => ["begin", tables.insert("second", mark), "select count(*) from mark", "commit"],
    isThereSql: markRows,
  },
  {
    name: "two writers and a reader",
    writesOn: ["second", "third"],
    statements: (mark, tables) => [
      ...["begin", "select count(*) from mark", tables.insert("second", mark), tables.insert("third", mark)],
      "commit",
    ],
    isThereSql: markRows,
  },
  {
    name: "refused by a shard that prepares",
    writesOn: all,
    refused: "23505",
    statements: (mark, tables) => [
      ...["begin", ...all.map((shard) => tables.insert(shard, mark)), tables.insertTwice("third")],
      "commit",
    ],
    isThereSql: markRows,
  },
  {
    name: "refused by the keeper",
    writesOn: all,
    refused: "23505",
    statements: (mark, tables) => [
      ...["begin", ...all.map((shard) => tables.insert(shard, mark)), tables.insertTwice("home")],
      "commit",
    ],
    isThereSql: markRows,
  },
];

export function runShape(client: pg.Client, shape: CommitShape, mark: number, tables: MarkTables): Promise<void> {
  return runAll(client, ...shape.statements(mark, tables));
}
