// Whose turn it is to start again, and what a standby has in the place of settings that give it too little room.
import { describe, expect, test } from "vitest";
import type { Room, SettingsInForce } from "../../../src/agent-api/settings-in-force.ts";
import { lowersRoom, raisedFor } from "../../../tablet-agent/settings/raised-settings.ts";
import { type OtherTablet, restartTurn, type TurnView } from "../../../tablet-agent/settings/restart-turn.ts";

const inForce = (more: Partial<SettingsInForce> = {}): SettingsInForce => ({
  digest: "new",
  restartPending: ["shared_buffers"],
  ...more,
});
const other = (name: string, more: Partial<OtherTablet> = {}): OtherTablet => ({
  name,
  isStreaming: true,
  forMs: 60_000,
  settings: inForce(),
  ...more,
});
const done = (name: string, more: Partial<OtherTablet> = {}) =>
  other(name, { settings: inForce({ restartPending: [] }), ...more });
const stopped = (name: string, forMs: number) => other(name, { isStreaming: false, forMs, settings: undefined });
const view = (others: readonly OtherTablet[], more: Partial<TurnView> = {}): TurnView => ({
  digest: "new",
  pending: ["shared_buffers"],
  lowersRoom: false,
  canSwitchOver: true,
  others,
  ...more,
});
const nobody = (reason: string | undefined) => ({ kind: "nobody", reason });

describe("the turn", () => {
  test.each<[string, TurnView, ReturnType<typeof restartTurn> | ReturnType<typeof nobody>]>([
    ["nothing is pending", view([done("s1-1")], { pending: [] }), nobody(undefined)],
    ["standbys go first", view([other("s1-1"), other("s1-2")]), { kind: "standby", name: "s1-1" }],
    ["one after the other", view([done("s1-1"), other("s1-2")]), { kind: "standby", name: "s1-2" }],
    ["the next waits for the one before", view([stopped("s1-1", 900), other("s1-2")]), nobody("s1-1 is not back yet")],
    [
      "one that follows nobody yet is not back",
      view([done("s1-1", { isStreaming: false, forMs: 900 }), other("s1-2")]),
      nobody("s1-1 is not back yet"),
    ],
    ["one that has been away for long is not waited for", view([stopped("s1-1", 30_001)]), { kind: "switch-over" }],
    ["the primary comes last", view([done("s1-1"), done("s1-2")]), { kind: "switch-over" }],
    ["it waits for the last standby", view([done("s1-1"), stopped("s1-2", 900)]), nobody("s1-2 is not back yet")],
    ["with nobody to take over, in place", view([], { canSwitchOver: false }), { kind: "in-place" }],
    ["lowered room: the primary first, in place", view([other("s1-1")], { lowersRoom: true }), { kind: "in-place" }],
    [
      "lowered room: then the standbys",
      view([other("s1-1")], { lowersRoom: true, pending: [] }),
      { kind: "standby", name: "s1-1" },
    ],
    [
      "who has not heard of the settings is waited for",
      view([done("s1-1", { settings: inForce({ digest: "old", restartPending: [] }) })]),
      nobody("s1-1 has not heard of the settings yet"),
    ],
    [
      "what one refuses, nobody else tries",
      view([done("s1-1", { settings: inForce({ restartPending: [], refused: "no memory" }) }), other("s1-2")]),
      nobody("s1-1 refuses the settings"),
    ],
    [
      "standbys that were too late for room that the primary has given up, although one refuses",
      view([done("s1-1", { settings: inForce({ restartPending: [], refused: "why" }) }), other("s1-2")], {
        pending: [],
      }),
      { kind: "standby", name: "s1-2" },
    ],
  ])("%s", (_what, given, turn) => {
    expect(restartTurn(given)).toEqual(turn);
  });
});

describe("room", () => {
  const room: Room = {
    max_connections: 300,
    max_worker_processes: 8,
    max_wal_senders: 30,
    max_prepared_transactions: 200,
    max_locks_per_transaction: 64,
  };

  test("a standby has as much as its primary, and as much as is chosen", () => {
    expect(raisedFor({}, room)).toEqual({});
    expect(raisedFor({ max_connections: "400" }, room)).toEqual({});
    expect(raisedFor({ max_connections: "100", work_mem: "1MB" }, room)).toEqual({ max_connections: "300" });
    expect(raisedFor({}, { ...room, max_worker_processes: 16 })).toEqual({ max_worker_processes: "16" });
    // Only PostgreSQL knows how much that is.
    expect(raisedFor({ max_connections: "1e2x" }, room)).toEqual({});
  });

  test("it is known whether settings give less than there is", () => {
    expect(lowersRoom({}, room)).toBe(false);
    expect(lowersRoom({ max_connections: "301", max_locks_per_transaction: "65" }, room)).toBe(false);
    expect(lowersRoom({ max_connections: "301", max_wal_senders: "29" }, room)).toBe(true);
    expect(lowersRoom({}, { ...room, max_prepared_transactions: 201 })).toBe(true);
  });
});
