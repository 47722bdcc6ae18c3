// How old the snapshot is that one goes on with: confirmed by the store, away, and back.
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { freshness } from "../../../src/topology/freshness.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { watchTopology } from "../../../src/topology/watch-topology.ts";
import { eventually } from "../../support/eventually.ts";
import { namePrimary } from "../../support/name-primary.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const options = { shardCount: 1, authentication: "trust", postgresVersion: "18" } as const;
const s1 = shardName("s1");
const tablet = (port: number) => ({ name: "s1-0", address: { host: "h", port } });

test("a snapshot that was never confirmed has no age; then it grows until the store confirms it", () => {
  let nowMs = 5_000;
  const { confirm, ageMs } = freshness(() => nowMs);
  expect(ageMs()).toBeUndefined();
  confirm();
  nowMs += 1_234.4;
  expect(ageMs()).toBe(1_234);
  confirm();
  expect(ageMs()).toBe(0);
});

test("while the store is away the last snapshot stays unconfirmed; when it is back, what was missed is told", async () => {
  const directory = await temporaryDirectory();
  const [here, away] = [join(directory, "here"), join(directory, "away")];
  await mkdir(here);
  await createTopology(localStore(here), options);
  const watching = follow(here);
  await eventually(() => watching.ports.length === 1 && watching.confirmations() >= 2);

  await rename(here, away);
  await eventually(() => watching.troubles.includes("no-directory"));
  const confirmed = watching.confirmations();
  await namePrimary(localStore(away), s1, tablet(1));
  await namePrimary(localStore(away), s1, tablet(2));
  const tries = watching.troubles.length;
  await eventually(() => watching.troubles.length > tries);
  expect(watching.confirmations()).toBe(confirmed);
  expect(watching.ports).toEqual([undefined]);

  await rename(away, here);
  await eventually(() => watching.confirmations() > confirmed && watching.ports.length > 1);
  expect(watching.ports).toEqual([undefined, 2]);
  await watching.stop();
});

test("documents that make no topology do not confirm the one before, however often they are read", async () => {
  const directory = await temporaryDirectory();
  const store = localStore(directory);
  await createTopology(store, options);
  const watching = follow(directory);
  await eventually(() => watching.ports.length === 1);
  const { version } = (await store.get("shards/s1"))!;
  const damaged = await store.put("shards/s1", { format: 9 }, version);
  await eventually(() => watching.troubles.includes("newer-format"));
  const confirmed = watching.confirmations();
  const polls = watching.polls();
  await eventually(() => watching.polls() >= polls + 2);
  expect(watching.confirmations()).toBe(confirmed);

  const primary = { name: "s1-0", address: { host: "h", port: 3 } };
  await store.put("shards/s1", { ordinal: 0, term: 4, primary }, damaged);
  await eventually(() => watching.confirmations() > confirmed && watching.ports.at(-1) === 3);
  await watching.stop();
});

/** Follows the store in the directory; `ports` are those of the primary of s1 in each topology. */
function follow(directory: string) {
  const stopping = new AbortController();
  const ports: (number | undefined)[] = [];
  const troubles: unknown[] = [];
  let confirmations = 0;
  let polls = 0;
  const store = localStore(directory, { pollMs: 20 });
  const counted = {
    ...store,
    async *watch(prefix: string, signal: AbortSignal) {
      for await (const event of store.watch(prefix, signal)) {
        polls++;
        yield event;
      }
    },
  };
  const ended = (async () => {
    const watched = watchTopology(counted, stopping.signal, {
      onTrouble: (reason) => troubles.push((reason as { code?: unknown }).code),
      onConfirmed: () => confirmations++,
    });
    for await (const topology of watched) ports.push(topology.shards.get(s1)!.primary?.address.port);
  })();
  return {
    ports,
    troubles,
    confirmations: () => confirmations,
    polls: () => polls,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
