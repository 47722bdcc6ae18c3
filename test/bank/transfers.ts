// The ways to transfer money, as clients of a real bank would write them.
import assert from "node:assert/strict";
import type pg from "pg";
import type { Transfer } from "./bank.ts";

/** Resolves when the client has been told COMMIT. Calls `committing` right before the message that may commit is sent. */
export type Way = (client: pg.Client, transfer: Transfer, committing: () => void) => Promise<void>;

const take = "update account set balance = balance - $1 where id = $2";
const give = "update account set balance = balance + $1 where id = $2";
const note = "insert into journal (account, transfer, amount) values ($1, $2, $3), ($4, $2, $5)";

export const ways: Readonly<Record<string, Way>> = {
  async "a block"(client, { id, from, to, amount }, committing) {
    await client.query("begin");
    await client.query(take, [amount, from.id]);
    await client.query(give, [amount, to.id]);
    await client.query(note, [from.id, id, -amount, to.id, amount]);
    await commit(client, committing);
  },

  async "a block with FOR UPDATE"(client, { id, from, to, amount }, committing) {
    await client.query("begin");
    const [first, second] = from.id < to.id ? [from, to] : [to, from];
    const lock = "select balance from account where id = $1 for update";
    const balances = new Map<number, number>();
    for (const account of [first, second]) {
      const { rows } = await client.query<{ balance: number }>(lock, [account.id]);
      balances.set(account.id, rows[0]!.balance);
    }
    const set = "update account set balance = $1 where id = $2";
    await client.query(set, [balances.get(from.id)! - amount, from.id]);
    await client.query(set, [balances.get(to.id)! + amount, to.id]);
    await client.query(note, [from.id, id, -amount, to.id, amount]);
    await commit(client, committing);
  },

  async "a block at REPEATABLE READ"(client, { id, from, to, amount }, committing) {
    await client.query("begin isolation level repeatable read");
    const ids = [from.id, to.id];
    const { rows } = await client.query<{ id: number; balance: number }>(
      "select id, balance from account where id = any($1)",
      [ids],
    );
    const balanceOf = (account: number) => rows.find((row) => row.id === account)!.balance;
    const set = "update account set balance = $1 where id = $2";
    await client.query(set, [balanceOf(from.id) - amount, from.id]);
    await client.query(set, [balanceOf(to.id) + amount, to.id]);
    await client.query(note, [from.id, id, -amount, to.id, amount]);
    await commit(client, committing);
  },

  async "a scatter update in a block"(client, { id, from, to, amount }, committing) {
    await client.query("begin");
    await client.query(note, [from.id, id, -amount, to.id, amount]);
    await client.query(
      "update account set balance = balance + case id when $1 then -$3::int else $3 end where id in ($1, $2)",
      [from.id, to.id, amount],
    );
    await commit(client, committing);
  },

  async "one message of two statements"(client, { id, from, to, amount }, committing) {
    committing();
    await client.query(
      `update account set balance = balance + case id when ${from.id} then ${-amount} else ${amount} end
         where id in (${from.id}, ${to.id});
       insert into journal (account, transfer, amount) values (${from.id}, ${id}, ${-amount}), (${to.id}, ${id}, ${amount})`,
    );
  },

  async "one statement"(client, { id, from, to, amount }, committing) {
    committing();
    await client.query(
      `update account set balance = balance + case id when $1 then -$3::int else $3 end, trace = trace || $4::int
         where id in ($1, $2)`,
      [from.id, to.id, amount, id],
    );
  },
};

async function commit(client: pg.Client, committing: () => void): Promise<void> {
  committing();
  const { command } = await client.query("commit");
  assert.equal(command, "COMMIT");
}
