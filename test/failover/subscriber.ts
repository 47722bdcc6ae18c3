// Who reads the changes of the ledger by a logical slot that is to survive failovers, from whatever is the primary.
import { delay } from "../../src/base/delay.ts";
import type { Stage } from "./stage.ts";

const slot = "subscription";
const make = `SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding', false, false, true)`;
const change =
  "SELECT data FROM pg_logical_slot_get_changes($1, NULL, NULL) WHERE data LIKE 'table public.ledger: INSERT%'";
const kept = "SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND synced AND NOT temporary";
const pollMs = 100;

export class Subscriber {
  /** Of the ledger: what was there when it began, and what it was told. */
  readonly ids = new Set<number>();
  #stage: Stage;

  static async begin(stage: Stage): Promise<Subscriber> {
    const subscriber = new Subscriber(stage);
    await subscriber.#atPrimary(async (ask) => {
      await ask(make);
      for (const { id } of await ask<{ id: number }>("SELECT id FROM ledger")) subscriber.ids.add(id);
    });
    return subscriber;
  }

  private constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What is new; from PostgreSQL 17 on, only what the standbys have as well. */
  async read(): Promise<void> {
    await this.#atPrimary(async (ask) => {
      const changes = await ask<{ data: string }>(change, [slot]);
      for (const { data } of changes) this.ids.add(Number(/ id\[integer\]:(\d+)/.exec(data)?.[1]));
    });
  }

  /** Reads until all standbys keep the slot as well. */
  async isKept(): Promise<void> {
    for (const standby of await this.#stage.standbys()) {
      const client = await this.#stage.at(standby);
      while ((await client.query(kept, [slot])).rowCount === 0) {
        await this.#atPrimary((ask) => ask("SELECT pg_log_standby_snapshot()"));
        await this.read();
        await delay(pollMs);
      }
      await this.#stage.release(client);
    }
  }

  async end(): Promise<void> {
    await this.#atPrimary((ask) => ask("SELECT pg_drop_replication_slot($1)", [slot]));
  }

  async #atPrimary(act: (ask: Ask) => Promise<unknown>): Promise<void> {
    const client = await this.#stage.at(await this.#stage.primary());
    try {
      await act(async (sql, values) => (await client.query(sql, values)).rows);
    } finally {
      await this.#stage.release(client);
    }
  }
}

type Ask = <Row>(sql: string, values?: string[]) => Promise<Row[]>;
