// Clients that know nothing of gateways, terms and topology: they write to every PostgreSQL that calls itself primary, and
// insist on writing where a standby would have them read only. If two primaries acknowledge at the same time, these notice.
import type pg from "pg";
import { delay } from "../../src/base/delay.ts";
import type { Stage } from "./stage.ts";
import type { TabletProcess } from "./tablet-process.ts";

export interface BypassWrite {
  readonly id: number;
  readonly tablet: string;
  /** Of the WAL that it was written to. */
  readonly term: number;
  readonly sentAtMs: number;
  readonly atMs: number;
}

const pauseMs = 40;
/** A write that waits for standbys that never come is left to wait, and another one is tried. */
const waitingMax = 4;
const patienceMs = 400;

export const bypassTable = "CREATE TABLE bypass (id int PRIMARY KEY)";
const term = `(SELECT split_part(setting, '=', 2)::int FROM pg_db_role_setting, unnest(setconfig) AS setting
  WHERE setrole = 'shardgres'::regrole AND setdatabase = 0 AND setting LIKE 'shardgres.term=%')`;
const insert = `INSERT INTO bypass VALUES ($1) RETURNING ${term} AS term`;

export class Bypass {
  readonly acknowledged: BypassWrite[] = [];
  readonly #stage: Stage;
  #stopping = new AbortController();
  #working: Promise<unknown> = Promise.resolve();
  #open = new Set<pg.Client>();
  #ids = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  start(): void {
    this.#working = Promise.all(this.#stage.tablets.map((tablet) => this.#write(tablet)));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    // Whatever waits still, waits for nothing.
    await Promise.all([...this.#open].map((client) => this.#stage.release(client)));
  }

  /** Writes that were begun at an older primary after a newer one had acknowledged, and that it has acknowledged too. */
  twoAtOnce(): string[] {
    return this.acknowledged.flatMap((late) => {
      const newer = this.acknowledged.find(({ term, atMs }) => term > late.term && atMs < late.sentAtMs);
      if (newer === undefined) return [];
      return [`${late.tablet} has acknowledged in term ${late.term} after ${newer.tablet} had in term ${newer.term}`];
    });
  }

  /** What has been acknowledged by now; gives what of it is lost. */
  claims(): (ids: ReadonlySet<number>) => string[] {
    const acknowledged = [...this.acknowledged];
    return (ids) =>
      acknowledged
        .filter(({ id }) => !ids.has(id))
        .map(({ id, tablet, term }) => `row ${id} was acknowledged by ${tablet} in term ${term}, and is lost`);
  }

  async #write(tablet: TabletProcess): Promise<void> {
    const { signal } = this.#stopping;
    const idle: pg.Client[] = [];
    const waiting = new Set<Promise<void>>();
    while (!signal.aborted) {
      if (waiting.size < waitingMax) {
        const writing = this.#writeOnce(tablet, idle).finally(() => {
          waiting.delete(writing);
        });
        waiting.add(writing);
        await Promise.race([writing, delay(patienceMs)]);
      }
      await delay(pauseMs);
    }
  }

  /** Resolves also when it does not succeed. */
  async #writeOnce(tablet: TabletProcess, idle: pg.Client[]): Promise<void> {
    let client: pg.Client | undefined;
    try {
      client = idle.pop();
      if (client === undefined) {
        client = await this.#stage.at(tablet);
        this.#open.add(client);
        await client.query("SET default_transaction_read_only = off");
      }
      if (await this.#isPrimary(client)) {
        const id = ++this.#ids;
        const sentAtMs = performance.now();
        const { rows } = await client.query(insert, [id]);
        this.acknowledged.push({ id, tablet: tablet.name, term: rows[0].term, sentAtMs, atMs: performance.now() });
      }
      idle.push(client);
    } catch {
      if (client === undefined) return;
      this.#open.delete(client);
      await this.#stage.release(client);
    }
  }

  async #isPrimary(client: pg.Client): Promise<boolean> {
    const { rows } = await client.query("SELECT pg_is_in_recovery() AS standby");
    return !rows[0].standby;
  }
}
