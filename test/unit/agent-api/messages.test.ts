// Messages of the tablet agents' API: what is written is read back, and what is broken or hostile is refused.
import { expect, test } from "vitest";
import { messageFields } from "../../../src/agent-api/message-fields.ts";
import { readPledge, writePledge } from "../../../src/agent-api/pledge.ts";
import {
  readSwitchoverOutcome,
  readSwitchoverRequest,
  type SwitchoverOutcome,
  writeSwitchoverOutcome,
  writeSwitchoverRequest,
} from "../../../src/agent-api/switchover.ts";
import { readTabletAnswer, writeTabletAnswer } from "../../../src/agent-api/tablet-answer.ts";
import { readTabletStatus, writeTabletStatus } from "../../../src/agent-api/tablet-status.ts";
import type { Json } from "../../../src/base/json.ts";
import { fullStatus, leastStatus } from "../../support/sample-status.ts";

type Fields = { readonly [key: string]: Json };

const overTheWire = (value: Json) => messageFields("it", JSON.parse(JSON.stringify(value)) as Json);

test.each([fullStatus, leastStatus])("a status comes back as it was: %#", (status) => {
  expect(readTabletStatus(overTheWire(writeTabletStatus(status)))).toEqual(status);
});

test("an answer comes back as it was, and is readable on the way", () => {
  const { name, pledge, isWhole, wal, role, term, lsn, timeline, terms, follows } = fullStatus;
  const answer = { name, pledge, isWhole, role, wal: wal!, term: term!, lsn: lsn!, timeline: timeline! };
  const whole = { ...answer, terms: terms!, follows: follows! };
  expect(writeTabletAnswer(whole)).toMatchObject({ lsn: "0/7001230", wal: { term: 6, lsn: "0/51C2A88" } });
  expect(readTabletAnswer(overTheWire(writeTabletAnswer(whole)))).toEqual(whole);
});

test("a pledge and a request for a switchover come back as they were", () => {
  const pledge = { term: 8, candidate: "s1-1" };
  expect(readPledge(overTheWire(writePledge(pledge)))).toEqual(pledge);
  for (const request of [{}, { to: "s1-1" }, { to: "s1-2", force: true, drainMs: 2_000 }]) {
    expect(readSwitchoverRequest(overTheWire(writeSwitchoverRequest(request)))).toEqual(request);
  }
});

test.each<SwitchoverOutcome>([
  { kind: "done", primary: "s1-1", term: 8, pausedMs: 412 },
  { kind: "refused", reason: "no standby is close enough", hint: "Wait." },
  { kind: "undone", reason: "3 transactions were still open after 5 s" },
  { kind: "unfinished", reason: "s1-1 does not answer" },
])("the outcome $kind comes back as it was", (outcome) => {
  expect(readSwitchoverOutcome(overTheWire(writeSwitchoverOutcome(outcome)))).toEqual(outcome);
});

test("fields that only a newer version knows are passed over", () => {
  const newer = { ...writeTabletStatus(fullStatus), mood: "good", pledge: { term: 7, candidate: "s1-0", why: 1 } };
  expect(readTabletStatus(overTheWire(newer))).toEqual(fullStatus);
});

test("what is measured in fractions is written in whole numbers, and never below 0", () => {
  const written = writeTabletStatus({ ...fullStatus, uptimeMs: 1.6, lagMs: -3.2 });
  expect(written).toMatchObject({ uptimeMs: 2, lagMs: 0 });
});

/** Every field, at every depth, replaced by what it cannot be: [where, message]. */
function spoiled(value: Json, spoil: Json, path: readonly string[] = []): [string, Json][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((name) => {
    const inside = (value as Fields)[name]!;
    const put = (part: Json) => (Array.isArray(value) ? value.with(Number(name), part) : { ...value, [name]: part });
    const deeper = spoiled(inside, spoil, [...path, name]).map(([where, part]): [string, Json] => [where, put(part)]);
    return [[[...path, name].join("."), put(spoil)], ...deeper];
  });
}

test.each([null, [null], -1, 1.5, { deep: [] }, "\u001b[2J", "x".repeat(300), 2 ** 60])(
  "no field of a status may be %j",
  (spoil) => {
    // Texts that are words for people are made fit to be shown instead.
    const isMade = (where: string) => typeof spoil === "string" && /reason|decision$|activity/.test(where);
    const messages = spoiled(writeTabletStatus(fullStatus), spoil).filter(([where]) => !isMade(where));
    expect(messages.length).toBeGreaterThan(50);
    for (const [where, message] of messages) {
      expect(() => readTabletStatus(overTheWire(message)), where).toThrow(/^it: /);
    }
  },
);

test("what must be there must be there", () => {
  for (const name of Object.keys(writeTabletStatus(leastStatus))) {
    const { [name]: _gone, ...rest } = writeTabletStatus(leastStatus) as Record<string, Json>;
    expect(() => readTabletStatus(overTheWire(rest)), name).toThrow(/^it: /);
  }
});

test("words for people are cut, and cannot steer a terminal", () => {
  const reason = `a\u001b[31m\nb\u202e${"c".repeat(5_000)}`;
  const read = readTabletStatus(overTheWire(writeTabletStatus({ ...fullStatus, ready: { isGood: false, reason } })));
  expect(read.ready.reason.slice(0, 10)).toBe("a [31m b c");
  expect(read.ready.reason).toHaveLength(2_000);
});

test.each([
  [{ to: "" }, "it: to is empty"],
  [{ drainMs: 60_001 }, "it: drainMs is above 60000"],
  [{ force: "yes" }, "it: force is neither true nor false"],
])("a request for a switchover with %j is refused", (request, message) => {
  expect(() => readSwitchoverRequest(overTheWire(request as Fields))).toThrow(message);
});

test("a field that nobody asked for is an error where it must not be passed over", () => {
  const fields = messageFields("it", { term: 1, [`x${"y".repeat(500)}`]: 1 });
  fields.integer("term");
  expect(() => fields.end()).toThrow(/^it: "xy{255}" is not a known field$/);
});

test.each([[null], ["text"], [[]], [7]])("%j is no message", (value) => {
  expect(() => messageFields("it", value)).toThrow("it: it is not an object");
});

test("long lists are refused before they are read", () => {
  const status = { ...writeTabletStatus(fullStatus), decisions: new Array(1_001).fill(null) };
  expect(() => readTabletStatus(overTheWire(status as Fields))).toThrow("it: decisions is not a list of at most 1000");
});
