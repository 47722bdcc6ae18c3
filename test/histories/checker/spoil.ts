// Ways to spoil a good history of lists, one per kind of anomaly. Each gives the spoiled history, or undefined when this
// history has nothing to be spoiled in that way.
import type { Random } from "../../support/random.ts";
import type { AnomalyKind } from "./anomaly.ts";
import {
  added,
  appending,
  committedWriters,
  finallyAppended,
  finallySeen,
  inOneRead,
  isWriter,
  keysOf,
  mapReads,
  reading,
  readPlaces,
  some,
  withoutValues,
  withTransaction,
  withTransactions,
  writerOf,
} from "./edit-history.ts";
import { type History, type Key, type Transaction, writesOf } from "./history.ts";

type Spoil = (history: History, random: Random) => History | undefined;

/** New values and new transactions begin here. */
const fresh = 1_000_000;

export const spoils: Readonly<Record<AnomalyKind, Spoil>> = {
  "garbage read": (history, random) =>
    inOneRead(
      history,
      random,
      () => true,
      (seen) => [fresh, ...seen],
    ),

  duplicate: (history, random) =>
    inOneRead(
      history,
      random,
      ({ seen }, reader) => seen.length > 0 && reader === undefined,
      (seen) => [...seen, seen[0]!],
    ),

  "incompatible order": (history, random) =>
    inOneRead(
      history,
      random,
      ({ key, seen }, reader) => seen.length > 1 && reader !== undefined && !isWriter(reader, key),
      (seen) => [...seen.slice(0, -2), seen.at(-1)!, seen.at(-2)!],
    ),

  internal: (history, random) =>
    inOneRead(
      history,
      random,
      ({ seen }, reader) => reader !== undefined && writerOf(history, seen.at(-1)) === reader,
      (seen) => seen.slice(0, -1),
    ),

  "lost write": (history, random) => {
    const lost = some(random, committedWriters(history).flatMap(writesOf));
    return lost && withoutValues(history, [lost.value]);
  },

  "half commit": (history, random) => {
    const half = some(
      random,
      committedWriters(history).filter((each) => keysOf(each).length > 1),
    );
    if (half === undefined) return undefined;
    const lost = writesOf(half).filter(({ key }) => key === keysOf(half)[0]);
    const values = lost.map(({ value }) => value);
    const unknown = { ...half, outcome: "unknown", endedAt: undefined } as const;
    return withoutValues(
      withTransaction(history, half, () => unknown),
      values,
    );
  },

  G1a: (history, random) => {
    const aborted = some(random, committedWriters(history));
    return aborted && withTransaction(history, aborted, (each) => ({ ...each, outcome: "aborted" }));
  },

  G1b: (history, random) => {
    // The writer of what somebody has read last writes once more to that key.
    const place = some(
      random,
      readPlaces(history).filter(({ read: { key, seen }, reader }) => {
        const writer = writerOf(history, seen.at(-1));
        return reader !== undefined && writer !== undefined && writer !== reader && !isWriter(reader, key);
      }),
    );
    if (place === undefined) return undefined;
    const { key, seen } = place.read;
    const writer = writerOf(history, seen.at(-1))!;
    const longer = mapReads(history, (read, reader) => {
      if (read === place.read || reader === writer) return read.seen;
      return read.seen.flatMap((value) => (value === seen.at(-1) ? [value, fresh] : [value]));
    });
    return withTransaction(longer, writer, (each) => appending(each, key, fresh));
  },

  "fractured read": (history, random) => {
    // One of the keys that a statement reads loses a transaction that is seen in another one.
    const places = history.transactions.flatMap((reader) =>
      reader.statements.flatMap((statement) => {
        if (statement.kind === "write") return [];
        return statement.reads.flatMap((read) => {
          const last = writerOf(history, read.seen.at(-1));
          const isThere = statement.reads.some(
            (other) => other !== read && writerOf(history, other.seen.at(-1)) === last,
          );
          return last !== undefined && last !== reader && isThere ? [{ read, last }] : [];
        });
      }),
    );
    const place = some(random, places);
    if (place === undefined) return undefined;
    const lost = new Set(writesOf(place.last).map(({ value }) => value));
    return mapReads(history, (read) =>
      read === place.read ? read.seen.filter((value) => !lost.has(value)) : read.seen,
    );
  },

  "stale read": (history, random) =>
    inOneRead(
      history,
      random,
      ({ seen }, reader) => {
        const endedAt = writerOf(history, seen.at(-1))?.endedAt;
        return reader !== undefined && endedAt !== undefined && endedAt < reader.startedAt;
      },
      (seen) => seen.slice(0, -1),
    ),

  "non-repeatable read": (history, random) => {
    const places = readPlaces(history).filter(
      ({ reader, read }) => reader?.level === "repeatable read" && read.seen.length > 0 && !isWriter(reader, read.key),
    );
    const place = some(random, places);
    if (place === undefined) return undefined;
    const { key, seen } = place.read;
    return withTransaction(history, place.reader!, (each) => reading(each, { key, seen: seen.slice(0, -1) }));
  },

  "lost update": (history, random) => {
    const { key, seen } = random.pick(history.finally);
    const [first, second] = [fresh, fresh + 1].map((id) => appending(reading(added(id), { key, seen }), key, id));
    const grown = finallyAppended(finallyAppended(history, key, fresh), key, fresh + 1);
    return withTransactions(grown, [first!, second!]);
  },

  G0: (history, random) => {
    // Of two transactions that have both written to two keys, the order is turned round in one of them.
    const writers = committedWriters(history);
    const common = (a: Transaction, b: Transaction) => keysOf(a).filter((key) => isWriter(b, key));
    const pairs = writers.flatMap((a) => writers.map((b) => [a, b] as const));
    const pair = some(
      random,
      pairs.filter(([a, b]) => a.id < b.id && common(a, b).length > 1),
    );
    if (pair === undefined) return undefined;
    const [key] = common(...pair);
    const [x, y] = pair.map((each) => writesOf(each).findLast((write) => write.key === key)!.value);
    const turned = new Map([
      [x, y!],
      [y, x!],
    ]);
    return mapReads(history, ({ seen }, reader) =>
      reader !== undefined && pair.includes(reader) ? seen : seen.map((value) => turned.get(value) ?? value),
    );
  },

  G1c: (history, random) => {
    // A transaction that another one has read reads that one's write in turn.
    const pairs = readPlaces(history).flatMap(({ read, reader }) => {
      const writer = writerOf(history, read.seen.at(-1));
      if (reader?.outcome !== "committed" || writer?.outcome !== "committed" || writer === reader) return [];
      return writesOf(reader)
        .filter(({ key }) => !isWriter(writer, key))
        .map((write) => ({ writer, write }));
    });
    const pair = some(random, pairs);
    if (pair === undefined) return undefined;
    const { key, value } = pair.write;
    const seen = finallySeen(history, key);
    const upTo = seen.slice(0, seen.indexOf(value) + 1);
    return withTransaction(history, pair.writer, (each) => reading(each, { key, seen: upTo }));
  },

  "G-single": (history, random) => {
    const [x, y] = twoKeys(history, random);
    const [seenX, seenY] = [finallySeen(history, x), finallySeen(history, y)];
    const first = appending(added(fresh), x, fresh);
    const second = appending(reading(added(fresh + 1), { key: x, seen: [...seenX, fresh] }), y, fresh + 1);
    const reader = reading(added(fresh + 2), { key: x, seen: seenX }, { key: y, seen: [...seenY, fresh + 1] });
    const grown = finallyAppended(finallyAppended(history, x, fresh), y, fresh + 1);
    return withTransactions(grown, [first, second, reader]);
  },

  "long fork": (history, random) => {
    const [x, y] = twoKeys(history, random);
    const [oldX, oldY] = [finallySeen(history, x), finallySeen(history, y)];
    const [newX, newY] = [
      [...oldX, fresh],
      [...oldY, fresh + 1],
    ];
    return withTransactions(finallyAppended(finallyAppended(history, x, fresh), y, fresh + 1), [
      appending(added(fresh), x, fresh),
      appending(added(fresh + 1), y, fresh + 1),
      reading(added(fresh + 2), { key: x, seen: newX }, { key: y, seen: oldY }),
      reading(added(fresh + 3), { key: x, seen: oldX }, { key: y, seen: newY }),
    ]);
  },

  "G2-item": (history, random) => {
    const [x, y] = twoKeys(history, random);
    const [seenX, seenY] = [finallySeen(history, x), finallySeen(history, y)];
    return withTransactions(finallyAppended(finallyAppended(history, x, fresh), y, fresh + 1), [
      appending(reading(added(fresh), { key: y, seen: seenY }), x, fresh),
      appending(reading(added(fresh + 1), { key: x, seen: seenX }), y, fresh + 1),
    ]);
  },
};

function twoKeys({ finally: last }: History, random: Random): [Key, Key] {
  const first = random.below(last.length);
  const second = (first + 1 + random.below(last.length - 1)) % last.length;
  return [last[first]!.key, last[second]!.key];
}
