// What happens to the disks of a shard in trials, and to what is on them.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../src/base/delay.ts";
import { slotName } from "../../tablet-agent/postgres/replication-slots.ts";
import { fillDisk, takeFileNames } from "../support/disk.ts";
import { longMs, on, switchover, type Who } from "./faults.ts";
import type { TabletProcess } from "./tablet-process.ts";
import type { Fault } from "./trial.ts";

/** As PostgreSQL says it of a statement that it has not done. */
const diskFull = "53100";

export const fillDiskOfPrimary: Fault = {
  ...fillingDisk("primary"),
  primary: "changes",
  because: [/the disk is full, and .* can take over/],
  pauseMsMax: 15_000,
};
export const fillDiskOfStandby: Fault = { ...fillingDisk("standby"), primary: "stays", pauseMsMax: 3_000 };

/** PostgreSQL may find room in the files that it has; it is the agent that has none for its pledge. */
export const fillDiskOfAgent: Fault = {
  name: "the disk of the primary takes no more files, in the middle of a switchover",
  async inject(stage) {
    const primary = await stage.primary();
    let isOver = false;
    // It may not end well: others take over all the same.
    const switching = switchover
      .inject(stage)
      .catch(() => {})
      .finally(() => {
        isOver = true;
      });
    while (!isOver && (await stage.shard()).switchover === undefined) await delay(1);
    const filling = takeFileNames(primary.directory);
    return async () => {
      filling.release();
      await switching;
    };
  },
  isAlone: true,
  primary: "changes",
  moreErrors: [diskFull],
  pauseMsMax: 15_000,
};

/** It can be read, and no lease be renewed. When there is room again, whoever is first has the lease, which has run out. */
export const fillStore: Fault = {
  name: "the disk of the store is full",
  async inject(stage) {
    const primary = await stage.primary();
    const filling = fillDisk(stage.topology);
    return async () => {
      const then = await stage.primary();
      filling.release();
      if (then !== primary) throw new Error(`${then.name} has become primary meanwhile`);
    };
  },
  lastsMs: longMs,
  isAlone: true,
  primary: "any",
  pauseMsMax: 2_000,
};

export const damageData: Fault = {
  name: "the data of the primary are damaged",
  inject: whileNobodyLooks(async ({ directory }) => rm(join(directory, "pgdata", "pg_wal"), { recursive: true })),
  isAlone: true,
  primary: "changes",
  because: [/PostgreSQL does not start with this data, and others/, /clone: PostgreSQL does not start with this data/],
  pauseMsMax: 8_000,
};

export const removeData: Fault = {
  name: "the primary comes back with an empty disk",
  async inject(stage) {
    const primary = await stage.primary();
    primary.keepDown("agent", "postgres");
    await rm(join(primary.directory, "pgdata"), { recursive: true });
    primary.revive();
    return undefined;
  },
  isAlone: true,
  primary: "changes",
  because: [/clone: there is no whole data here/],
  pauseMsMax: 15_000,
};

/** What it needs next is removed meanwhile: the primary keeps no more than its slots may. */
export const outrunStandby: Fault = {
  name: "a standby is away for longer than WAL is kept",
  async inject(stage) {
    const [standby] = (await stage.standbys()) as [TabletProcess];
    standby.keepDown("agent", "postgres");
    const client = await stage.at(await stage.primary());
    const limit = async (change: string) => {
      await client.query(`ALTER SYSTEM ${change}`);
      await client.query("SELECT pg_reload_conf()");
    };
    const isLost = async () => {
      const status = "SELECT wal_status = 'lost' AS lost FROM pg_replication_slots WHERE slot_name = $1";
      return (await client.query(status, [slotName(standby.name)])).rows[0].lost;
    };
    await limit("SET max_slot_wal_keep_size = '16MB'");
    while (!(await isLost())) {
      await client.query("SELECT pg_switch_wal()");
      await client.query("CHECKPOINT");
    }
    await limit("RESET max_slot_wal_keep_size");
    await stage.release(client);
    return () => standby.revive();
  },
  isAlone: true,
  primary: "stays",
  because: [/clone: it cannot follow/],
  pauseMsMax: 3_000,
};

function fillingDisk(who: Who): Pick<Fault, "name" | "inject" | "moreErrors" | "lastsMs"> {
  return {
    name: `the disk of ${who === "primary" ? "the primary" : "a standby"} is full`,
    inject: on(who, ({ directory }) => {
      const filling = fillDisk(directory);
      return () => filling.release();
    }),
    lastsMs: longMs,
    moreErrors: [diskFull],
  };
}

/** To the data of a primary whose PostgreSQL has just been killed. */
function whileNobodyLooks(act: (primary: TabletProcess) => Promise<void>): Fault["inject"] {
  return async (stage) => {
    const primary = await stage.primary();
    primary.freeze("agent");
    primary.kill("postgres");
    await act(primary);
    primary.thaw();
    return undefined;
  };
}
