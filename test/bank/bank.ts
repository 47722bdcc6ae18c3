// The bank: accounts on four shards, a journal beside them, and everything that its tellers remember. Money is only moved,
// so all balances together are always the same.
import type pg from "pg";
import type { TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";

export const shardCount = 4;
const accountsPerShard = 16;
const openingBalance = 1_000;

export interface Account {
  readonly id: number;
  readonly shard: number;
}

export interface Transfer {
  readonly id: number;
  readonly from: Account;
  readonly to: Account;
  readonly amount: number;
}

export interface Bank {
  readonly accounts: readonly Account[];
  readonly total: number;
  /** Of the gateway. */
  readonly login: pg.ClientConfig;
}

/**
 * `journal` gets a row for each of the two accounts of a transfer; a transfer that is one single statement leaves its id
 * in `trace` of both accounts instead.
 */
export async function openBank(cluster: TestCluster): Promise<Bank> {
  const clients = new ClusterClients(cluster, shardCount);
  const login = { host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" };
  try {
    const client = await clients.open();
    await runAll(
      client,
      "create table account (id int primary key, balance int not null, trace int[] not null default '{}')",
      "create table journal (account int, transfer int, amount int not null, primary key (account, transfer))",
      "select create_distributed_table('account', 'id')",
      "select create_distributed_table('journal', 'account', colocate_with => 'account')",
      `insert into account select n, ${openingBalance} from generate_series(1, 400) n`,
    );
    const byShard = await clients.keysByShard("account", "id");
    const accounts = byShard.flatMap((ids, shard) => ids.slice(0, accountsPerShard).map((id) => ({ id, shard })));
    await client.query("delete from account where not id = any($1)", [accounts.map(({ id }) => id)]);
    return { accounts, total: accounts.length * openingBalance, login };
  } finally {
    await clients.end();
  }
}

export interface Books {
  /** Ids of transfers that an account has been told of, with the account. */
  readonly entries: ReadonlyMap<number, readonly number[]>;
  /** Accounts whose balance does not follow from their entries. */
  readonly wrong: readonly string[];
}

/** What the shards really hold, behind the gateway's back. `amountOf`: of a transfer that left no journal. */
export async function readBooks(
  cluster: TestCluster,
  amountOf: (account: number, id: number) => number,
): Promise<Books> {
  const clients = new ClusterClients(cluster, shardCount);
  try {
    const entries = new Map<number, number[]>();
    const balances = new Map<number, number>();
    const expected = new Map<number, number>();
    const add = (account: number, transfer: number, amount: number) => {
      entries.set(transfer, [...(entries.get(transfer) ?? []), account]);
      expected.set(account, (expected.get(account) ?? openingBalance) + amount);
    };
    for (const name of clients.shardNames) {
      const shard = await clients.shard(name);
      for (const row of await rowsOf(shard, "select account, transfer, amount from journal")) {
        const [account, transfer, amount] = row.split("|").map(Number);
        add(account!, transfer!, amount!);
      }
      for (const row of await rowsOf(shard, "select id, balance, array_to_string(trace, ' ') from account")) {
        const [id, balance, trace] = row.split("|");
        balances.set(Number(id), Number(balance));
        for (const transfer of trace!.split(" ").filter(Boolean))
          add(Number(id), Number(transfer), amountOf(Number(id), Number(transfer)));
      }
    }
    const wrong = [...balances].flatMap(([id, balance]) => {
      const should = expected.get(id) ?? openingBalance;
      return balance === should ? [] : [`account ${id} has ${balance} and not ${should}`];
    });
    return { entries, wrong };
  } finally {
    await clients.end();
  }
}
