// A transfer between accounts, in each way that a client may choose. All give the milliseconds that the commit took.
import type pg from "pg";

/** Money moves from the first account to the others. */
export interface Leg {
  readonly client: pg.Client;
  readonly account: number;
}

/** Through the gateway, as one writes it against a single PostgreSQL. */
export async function transferThroughGateway(client: pg.Client, accounts: readonly number[]): Promise<number> {
  try {
    await client.query("BEGIN");
    for (const [i, account] of accounts.entries()) await client.query(update(account, share(i, accounts.length)));
    const began = performance.now();
    await client.query("COMMIT");
    return performance.now() - began;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Two-phase commit by hand: all shards at the same time in each step. Who crashes in between leaves it in doubt. */
export async function transferPrepared(legs: readonly Leg[], gid: string): Promise<number> {
  await changeAll(legs);
  const began = performance.now();
  await Promise.all(legs.map(({ client }) => client.query(`PREPARE TRANSACTION '${gid}'`)));
  await Promise.all(legs.map(({ client }) => client.query(`COMMIT PREPARED '${gid}'`)));
  return performance.now() - began;
}

/** No atomicity at all: what the work itself costs. */
export async function transferPlainly(legs: readonly Leg[]): Promise<number> {
  await changeAll(legs);
  const began = performance.now();
  await Promise.all(legs.map(({ client }) => client.query("COMMIT")));
  return performance.now() - began;
}

async function changeAll(legs: readonly Leg[]): Promise<void> {
  await Promise.all(legs.map(({ client }) => client.query("BEGIN")));
  await Promise.all(legs.map(({ client, account }, i) => client.query(update(account, share(i, legs.length)))));
}

function share(i: number, count: number): number {
  return i === 0 ? 1 - count : 1;
}

function update(account: number, amount: number): string {
  return `UPDATE account SET balance = balance + (${amount}) WHERE id = ${account}`;
}
