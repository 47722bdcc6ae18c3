// How many connections are opened, for whom, and what is closed for it. The servers are made up.
import { beforeEach, expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import { transactionStatus } from "../../../src/pgwire/message-type.ts";
import type { OpenedPrimary } from "../../../src/pool/open-primary.ts";
import type { AcquireOptions } from "../../../src/pool/pool.ts";
import type { PooledConnection } from "../../../src/pool/pooled-connection.ts";
import { SessionSettings } from "../../../src/pool/session-settings.ts";
import { ShardConnections } from "../../../src/pool/shard-connections.ts";
import type { Shard, ShardName } from "../../../src/topology/snapshot.ts";

const name = "s1" as ShardName;
const perShardMax = 4;
let term: number;
let isAway: boolean;
/** Attempts to connect. */
let opened: number;
let connections: ShardConnections;

const shardNow = () => ({ term, switchover: undefined, primary: undefined }) as unknown as Shard;

beforeEach(() => {
  term = 1;
  isAway = false;
  opened = 0;
  connections = new ShardConnections(name, shardNow, {
    perShardMax,
    perShardHardMax: 8,
    connectTimeoutMs: 1_000,
    waitTimeoutMs: 1_000,
    idleTimeoutMs: 1_000,
    holdTimeoutMs: 1_000,
    open: async () => {
      opened++;
      if (isAway) throw new AppError("no-primary", "away");
      return { connection: madeUp(), term };
    },
  });
});

function madeUp(): OpenedPrimary["connection"] {
  const listeners: (() => void)[] = [];
  const connection = {
    isClosed: false,
    isCancelling: false,
    inFlight: 0,
    status: transactionStatus.idle,
    prepared: { surplus: () => [] },
    onClose: (listener: () => void) => listeners.push(listener),
    close() {
      if (connection.isClosed) return;
      connection.isClosed = true;
      for (const listener of listeners) listener();
    },
    sever: () => connection.close(),
  };
  return connection as unknown as OpenedPrimary["connection"];
}

function take(user: string, options: AcquireOptions = {}): Promise<PooledConnection> {
  const login = { database: "d", user, secret: undefined };
  return connections.take({ login, loginKey: user, settings: SessionSettings.none }, options);
}

const some = (count: number, user: string) => Promise.all(Array.from({ length: count }, () => take(user)));
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("whoever comes, there are no more connections than the limit", async () => {
  for (const user of ["a", "b", "c", "d", "e", "f", "g"]) connections.giveBack(await take(user));
  expect(connections.counts).toEqual({ open: perShardMax, idle: perShardMax, waiting: 0 });
  expect(opened).toBe(7);
});

test("nothing is closed for who would have to wait all the same", async () => {
  const busy = await some(4, "a");
  const beyond = [await take("a", { holdsOthers: true }), await take("a", { holdsOthers: true })];
  connections.giveBack(beyond[0]!);
  void take("b");
  await settled();
  expect(connections.counts).toEqual({ open: 6, idle: 1, waiting: 1 });
  for (const pooled of [...busy, beyond[1]!]) connections.giveBack(pooled);
  await settled();
  expect(connections.counts).toMatchObject({ open: perShardMax, waiting: 0 });
});

test("what is being opened when connections are retired is given to nobody", async () => {
  const taking = take("a");
  connections.retire(() => true);
  const taken = await taking;
  expect([opened, taken.isRetired]).toEqual([2, false]);
  expect(connections.counts).toEqual({ open: 1, idle: 0, waiting: 0 });
});

test("who holds others does not wait behind those who may not go beyond the limit", async () => {
  const busy = await some(4, "a");
  const plain = some(5, "a");
  await settled();
  const holders = Promise.all([take("a", { holdsOthers: true }), take("a", { holdsOthers: true })]);
  await holders;
  await settled();
  expect(connections.counts).toEqual({ open: 6, idle: 0, waiting: 5 });
  for (const pooled of [...busy, ...(await holders)]) connections.giveBack(pooled);
  await settled();
  expect(connections.counts).toEqual({ open: 6, idle: 1, waiting: 0 });
  await plain;
});

test("at the limit, who comes does not look at all who wait already", async () => {
  await some(4, "a");
  let looks = 0;
  const options = {
    get holdsOthers() {
      looks++;
      return false;
    },
  };
  for (let i = 0; i < 1_000; i++) void take("a", options);
  expect(connections.counts).toEqual({ open: 4, idle: 0, waiting: 1_000 });
  expect(looks).toBeLessThan(10_000);
});

test("one connection is tried for at another primary, whatever is closed meanwhile", async () => {
  const busy = [...(await some(4, "a")), await take("a", { holdsOthers: true })];
  const waiting = [take("b")];
  isAway = true;
  waiting.push(take("b", { holdsOthers: true }));
  await settled();
  for (const pooled of busy.slice(0, 3)) connections.giveBack(pooled);
  expect(connections.counts).toEqual({ open: 5, idle: 3, waiting: 2 });
  isAway = false;
  opened = 0;
  term = 2;
  connections.topologyChanged();
  expect(opened).toBe(1);
  await Promise.all(waiting);
  expect(opened).toBe(2);
  expect(connections.counts).toEqual({ open: 2, idle: 0, waiting: 0 });
});
