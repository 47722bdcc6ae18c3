// Physical slots for the other tablets, on standbys as well as on the primary: whoever becomes primary has kept the WAL
// that the others still need. A standby moves its slots itself, as nobody streams from it.
import { createHash } from "node:crypto";
import type pg from "pg";
import { lsnText } from "../../src/base/lsn.ts";

const prefix = "sg_";
/** NAMEDATALEN - 1. */
const lengthMax = 63;

export interface SlotKeeping {
  readonly tablets: readonly { readonly name: string; readonly flushedLsn: number | undefined }[];
  readonly postgresMajor: number;
}

/** The slot of a tablet on every other tablet. */
export function slotName(tablet: string): string {
  const name = prefix + tablet.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
  if (name.length <= lengthMax && /^[a-z0-9-]+$/.test(tablet)) return name;
  // Other characters, or a long name: two tablets must not share a slot.
  const digest = createHash("sha256").update(tablet).digest("hex").slice(0, 10);
  return `${name.slice(0, lengthMax - digest.length - 1)}_${digest}`;
}

interface Slot {
  readonly name: string;
  readonly isActive: boolean;
  /** Its WAL is gone, or it never had any. */
  readonly isOfNoUse: boolean;
  readonly holdsBackVacuum: boolean;
  readonly restartLsn: number;
}

export async function keepSlots(client: pg.Client, { tablets, postgresMajor }: SlotKeeping): Promise<void> {
  const isStandby: boolean = (await client.query("SELECT pg_is_in_recovery() AS yes")).rows[0].yes;
  const wanted = new Map(tablets.map((tablet) => [slotName(tablet.name), tablet.flushedLsn]));
  for (const slot of await physicalSlots(client)) {
    if (slot.isActive) {
      wanted.delete(slot.name);
      continue;
    }
    // What a tablet that is not primary any more still holds of the feedback of standbys would hold up vacuum for ever.
    const isStale = isStandby && slot.holdsBackVacuum;
    if (wanted.has(slot.name) && !slot.isOfNoUse && !isStale) {
      await advance(client, slot, isStandby ? wanted.get(slot.name) : undefined);
      wanted.delete(slot.name);
    } else {
      await drop(client, slot.name);
    }
  }
  for (const name of wanted.keys()) await client.query("SELECT pg_create_physical_replication_slot($1, true)", [name]);
  if (isStandby && postgresMajor >= 17) await dropOwnFailoverSlots(client);
}

/** Makes those that are missing. */
export async function ensureSlots(client: pg.Client, names: readonly string[]): Promise<void> {
  const there = new Set((await physicalSlots(client)).map((slot) => slot.name));
  for (const name of names) {
    if (!there.has(name)) await client.query("SELECT pg_create_physical_replication_slot($1, true)", [name]);
  }
}

/** Those of tablets. */
async function physicalSlots(client: pg.Client): Promise<Slot[]> {
  const { rows } = await client.query(
    `SELECT slot_name AS name, active AS "isActive", wal_status IS NOT DISTINCT FROM 'lost' OR restart_lsn IS NULL AS "isOfNoUse",
       coalesce(xmin, catalog_xmin) IS NOT NULL AS "holdsBackVacuum", coalesce(restart_lsn - '0/0'::pg_lsn, 0)::float8 AS "restartLsn"
     FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary AND starts_with(slot_name, $1) ORDER BY 1`,
    [prefix],
  );
  return rows;
}

async function advance(client: pg.Client, slot: Slot, flushedLsn: number | undefined): Promise<void> {
  if (flushedLsn === undefined || flushedLsn <= slot.restartLsn) return;
  // Not beyond what is here.
  await client
    .query("SELECT pg_replication_slot_advance($1, least($2::pg_lsn, pg_last_wal_replay_lsn()))", [
      slot.name,
      lsnText(flushedLsn),
    ])
    .catch(ignoreInUse);
}

async function drop(client: pg.Client, name: string): Promise<void> {
  await client.query("SELECT pg_drop_replication_slot($1)", [name]).catch(ignoreInUse);
}

/**
 * The logical slots that a tablet had as a primary stand in the way of those that come from the new one, which has copies
 * of them.
 */
async function dropOwnFailoverSlots(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    "SELECT slot_name AS name FROM pg_replication_slots WHERE slot_type = 'logical' AND failover AND NOT synced AND NOT active AND NOT temporary",
  );
  for (const { name } of rows) await drop(client, name);
}

/** Somebody has begun to use it in the meantime. The next time will do. */
function ignoreInUse(error: unknown): void {
  const objectInUse = "55006";
  if (!(error instanceof Error && "code" in error && error.code === objectInUse)) throw error;
}
