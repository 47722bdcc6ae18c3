// Asks tablets what they are at the moment and how far their WAL reaches: on a connection to each of them that is kept while
// questions come. One that does not answer is not waited for: its connection is given up.
import type pg from "pg";
import { parseLsn } from "../base/lsn.ts";
import type { Tablet } from "../topology/snapshot.ts";
import type { AdminConnections } from "./admin-connections.ts";

export interface TabletReport {
  /** In recovery: it replays the WAL of another one. */
  readonly isStandby: boolean;
  /** A primary: up to where it has its WAL on disk. A standby: up to where it has replayed it. */
  readonly lsn: number;
  /** The term of the primary that wrote what it shows, as the WAL says; "" where nobody counts terms. */
  readonly term: string;
}

/** Rejects when there is no answer. */
export type AskTablet = (tablet: Tablet) => Promise<TabletReport>;

/** How long a tablet may take to answer, connecting included. */
const answerTimeoutMs = 1_000;
const idleTimeoutMs = 30_000;

/** Nothing has been replayed yet: as if at the beginning. */
const reportSql = `
  SELECT pg_catalog.pg_is_in_recovery() AS "isStandby",
    coalesce(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
      ELSE pg_catalog.pg_current_wal_flush_lsn() END, '0/0')::text AS lsn,
    coalesce((
      SELECT pg_catalog.split_part(setting, '=', 2)
      FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
        CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) setting
      WHERE r.rolname = 'shardgres' AND s.setdatabase = 0 AND setting LIKE 'shardgres.term=%'
    ), '') AS term`;

interface Kept {
  readonly client: Promise<pg.Client>;
  idleTimer: NodeJS.Timeout | undefined;
}

export class TabletReports {
  #admin: AdminConnections;
  #kept = new Map<string, Kept>();

  constructor(admin: AdminConnections) {
    this.#admin = admin;
  }

  readonly ask: AskTablet = async (tablet) => {
    const key = `${tablet.name} ${tablet.address.host}:${tablet.address.port}`;
    const kept = this.#keep(key, tablet);
    clearTimeout(kept.idleTimer);
    try {
      const client = await kept.client;
      const { rows } = await client.query<{ isStandby: boolean; lsn: string; term: string }>(reportSql);
      const { isStandby, lsn, term } = rows[0]!;
      return { isStandby, lsn: parseLsn(lsn) ?? 0, term };
    } catch (error) {
      this.#giveUp(key, kept);
      throw error;
    } finally {
      kept.idleTimer = setTimeout(() => this.#giveUp(key, kept), idleTimeoutMs).unref();
    }
  };

  async close(): Promise<void> {
    const all = [...this.#kept];
    for (const [key, kept] of all) this.#giveUp(key, kept);
    await Promise.allSettled(all.map(async ([, { client }]) => (await client).end()));
  }

  #keep(key: string, { address }: Tablet): Kept {
    const present = this.#kept.get(key);
    if (present !== undefined) return present;
    const limits = { query_timeout: answerTimeoutMs, connectionTimeoutMillis: answerTimeoutMs };
    const kept: Kept = { client: this.#admin.connectTo(address, "postgres", limits), idleTimer: undefined };
    this.#kept.set(key, kept);
    kept.client.then(
      (client) => client.on("end", () => this.#giveUp(key, kept)),
      () => this.#giveUp(key, kept),
    );
    return kept;
  }

  #giveUp(key: string, kept: Kept): void {
    clearTimeout(kept.idleTimer);
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    kept.client.then((client) => client.end()).catch(() => {});
  }
}
