// Graphs of waits as text: which circles are deadlocks, who has to give way, and what it is told.
//
// "A@10(s1:1 s2:2)" is a transaction that began at 10 and has backends 1 on s1 and 2 on s2; "B/s1@..." is the part of a
// statement on s1; "s1: 1>2,3" says that backend 1 waits on s1 for the backends 2 and 3. Nobody has said whose the
// others are.
import { describe, expect, test } from "vitest";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import { deadlockDetail } from "../../../src/transaction/deadlock-error.ts";
import { type Deadlock, deadlocksIn } from "../../../src/transaction/deadlocks-in.ts";
import { backendKey, type LockWait } from "../../../src/transaction/lock-wait.ts";
import { type Actor, waitGraph } from "../../../src/transaction/wait-graph.ts";

interface Sample {
  readonly actors: string;
  readonly waits: string;
  /** The victims, each with the way from it and back to it. */
  readonly victims: readonly string[];
}

const samples: Readonly<Record<string, Sample>> = {
  "two transactions, two shards: the younger one gives way": {
    actors: "A@10(s1:1 s2:2) B@20(s1:3 s2:4)",
    waits: "s1: 1>3; s2: 4>2",
    victims: ["B: 4>2@s2, 1>3@s1"],
  },
  "the order in which they are told does not matter": {
    actors: "B@20(s1:3 s2:4) A@10(s1:1 s2:2)",
    waits: "s2: 4>2; s1: 1>3",
    victims: ["B: 4>2@s2, 1>3@s1"],
  },
  "begun at the same time: the later session": {
    actors: "A@10(s1:1 s2:2) B@10(s1:3 s2:4)",
    waits: "s1: 1>3; s2: 4>2",
    victims: ["B: 4>2@s2, 1>3@s1"],
  },
  "equal process ids on different shards are different backends": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2)",
    waits: "s1: 1>2; s2: 2>1",
    victims: ["B: 2>1@s2, 1>2@s1"],
  },
  "a circle within one shard is PostgreSQL's": {
    actors: "A@10(s1:1 s2:2) B@20(s1:3 s2:4)",
    waits: "s1: 1>3; s1: 3>1",
    victims: [],
  },
  "a chain is no circle, however long": {
    actors: "A@10(s1:1 s2:2) B@20(s1:3 s2:4) C@30(s1:5 s2:6)",
    waits: "s1: 1>3; s2: 4>6; s1: 7>1",
    victims: [],
  },
  "a queue is no circle": {
    actors: "A@10(s1:1) B@20(s1:2) C@30(s1:3) D@40(s1:4 s2:9)",
    waits: "s1: 1>4; s1: 2>1,4; s1: 3>1,2,4",
    victims: [],
  },
  "three transactions, three shards": {
    actors: "A@10(s1:1 s2:1) B@30(s2:2 s3:2) C@20(s3:3 s1:3)",
    waits: "s2: 1>2; s3: 2>3; s1: 3>1",
    victims: ["B: 2>3@s3, 3>1@s1, 1>2@s2"],
  },
  "a member that is on one shard only may be the youngest": {
    actors: "A@10(s1:1 s2:1) B@30(s1:2) C@20(s1:3 s2:3)",
    waits: "s1: 1>2; s1: 2>3; s2: 3>1",
    victims: ["B: 2>3@s1, 3>1@s2, 1>2@s1"],
  },
  "a stranger closes a circle on one shard, but is no victim": {
    actors: "A@10(s1:1 s2:1) C@20(s1:3 s2:3)",
    waits: "s1: 1>99; s1: 99>3; s2: 3>1",
    victims: ["C: 3>1@s2, 1>99@s1, 99>3@s1"],
  },
  "strangers on different shards are different": {
    actors: "A@10(s1:1 s2:1)",
    waits: "s1: 1>99; s2: 99>1",
    victims: [],
  },
  "two circles with nothing in common have two victims": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2) C@30(s1:3 s2:3) D@40(s1:4 s2:4)",
    waits: "s1: 1>2; s2: 2>1; s1: 3>4; s2: 4>3",
    victims: ["D: 4>3@s2, 3>4@s1", "B: 2>1@s2, 1>2@s1"],
  },
  "one victim is enough where it opens two circles": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2) C@30(s1:3 s2:3)",
    waits: "s1: 1>3; s1: 2>3; s2: 3>1,2",
    victims: ["C: 3>1@s2, 1>3@s1"],
  },
  "the youngest may be outside of the circle that it waits for": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2) C@30(s1:3 s2:3)",
    waits: "s1: 1>2; s2: 2>1; s1: 3>1",
    victims: ["B: 2>1@s2, 1>2@s1"],
  },
  "the shortest circle over several shards is told, not the one within a shard": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2) C@5(s1:3 s2:3)",
    waits: "s1: 2>1; s1: 1>2,3; s2: 3>2",
    victims: ["B: 2>1@s1, 1>3@s1, 3>2@s2"],
  },
  "another's circle over several shards is not that of whoever waits for it on one": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2) C@30(s1:3 s2:3)",
    waits: "s1: 3>1; s1: 1>3,2; s2: 2>1",
    victims: ["B: 2>1@s2, 1>2@s1"],
  },
  "a prepared transaction waits for nothing": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2)",
    waits: "s1: 1>0; s2: 2>1,0",
    victims: [],
  },
  "parts of a statement without a transaction end one by one": {
    actors: "A/s1@10(s1:1) A/s2@10(s2:1) B@20(s1:2 s2:2)",
    waits: "s1: 1>2; s2: 2>1; s2: 1>77",
    victims: [],
  },
  "a part that waits for another part closes the circle": {
    actors: "A/s1@10(s1:1 s2:1) B@20(s1:2 s2:2)",
    waits: "s1: 1>2; s2: 2>1",
    victims: ["B: 2>1@s2, 1>2@s1"],
  },
  "a part that two others hold up waits for both": {
    actors: "A/s1@10(s1:1 s3:1) A/s2@10(s2:1 s3:1) B@20(s1:2 s2:2 s3:2)",
    waits: "s2: 1>2; s1: 1>88; s3: 2>1",
    victims: ["B: 2>1@s3, 1>2@s2"],
  },
  "what has moved since it was told of is forgotten": {
    actors: "A@10(s1:1 s2:1) B@20(s1:2 s2:2)-",
    waits: "s1: 1>2; s2: 2>1",
    victims: [],
  },
};

test.each(Object.entries(samples))("%s", (_, { actors, waits, victims }) => {
  expect(found(actors, waits).map(shown)).toEqual(victims);
});

test("who waits for whom is told as PostgreSQL does, the victim first, with the shard", () => {
  const [deadlock] = found("A@10(s1:1 s2:2) B@20(s1:3 s2:4)", "s1: 1>3; s2: 4>2");
  expect(deadlockDetail(deadlock!)).toBe(
    "Process 4 waits for ShareLock on transaction 104; blocked by process 2. (shard s2)\n" +
      "Process 1 waits for ShareLock on transaction 101; blocked by process 3. (shard s1)",
  );
});

describe("a large queue", () => {
  test("is looked through at once, and a circle in it is found", () => {
    const count = 400;
    const members = Array.from({ length: count }, (_, i) => `S${i}@${i}(s1:${i + 1} s2:${i + 1})`).join(" ");
    // Everybody waits on s1 for all who came before; the first one waits for nobody.
    const queue = Array.from({ length: count - 1 }, (_, i) => `s1: ${i + 2}>${upTo(i + 1)}`).join("; ");
    const begun = performance.now();
    expect(found(members, queue)).toEqual([]);
    expect(found(members, `${queue}; s2: 1>200`).map(shown)).toEqual(["S199: 200>1@s1, 1>200@s2"]);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

function upTo(last: number): string {
  return Array.from({ length: last }, (_, i) => i + 1).join(",");
}

function found(actors: string, waits: string): Deadlock[] {
  const all = waits.split("; ").map(waitOf);
  return deadlocksIn(
    waitGraph(
      all,
      actors.split(/(?<=\)-?) /).map((text) => actorOf(text, all)),
    ),
  );
}

function shown({ victim, circle }: Deadlock): string {
  const name = names.get(victim.session);
  return `${name}: ${circle.map(({ wait, blocker }) => `${wait.pid}>${blocker}@${wait.shard}`).join(", ")}`;
}

function waitOf(text: string): LockWait {
  const [, shard, pid, blockers] = /^(\w+): (\d+)>([\d,]+)$/.exec(text)!;
  return {
    shard: shard as ShardName,
    pid: Number(pid),
    blockers: blockers!.split(",").map(Number),
    since: "7.5",
    lock: {
      locktype: "transactionid",
      mode: "ShareLock",
      database: null,
      relation: null,
      page: null,
      tuple: null,
      virtualxid: null,
      transactionid: String(100 + Number(pid)),
      classid: null,
      objid: null,
      objsubid: null,
    },
  };
}

const names = new Map<number, string>();

function actorOf(text: string, waits: readonly LockWait[]): Actor {
  const [, name, part = "", startedAt, list, moved] = /^(\w+)(?:\/(\w+))?@(\d+)\((.*)\)(-?)$/.exec(text)!;
  const session = [...name!].reduce((number, letter) => number * 1000 + letter.charCodeAt(0), 0);
  names.set(session, name!);
  const backends = list!.split(" ").map((backend) => {
    const [shard, pid] = backend.split(":");
    return { shard: shard as ShardName, pid: Number(pid) };
  });
  const own = new Set(backends.map(({ shard, pid }) => backendKey(shard, pid)));
  return {
    gateway: "g1",
    session,
    part,
    startedAt: Number(startedAt),
    backends,
    waits: waits
      .filter(({ shard, pid }) => own.has(backendKey(shard, pid)))
      .map(({ shard, pid, since }) => ({ shard, pid, since: moved === "-" ? `${since} before` : since })),
  };
}
