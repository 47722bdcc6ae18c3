// A tablet's status with every field, and one with none that may be left out.
import type { TabletStatus } from "../../src/agent-api/tablet-status.ts";

export const fullStatus: TabletStatus = {
  name: "s1-0",
  shard: "s1",
  pledge: { term: 7, candidate: "s1-0" },
  isWhole: true,
  wal: { term: 6, lsn: 0x51c2a88 },
  role: "primary",
  term: 7,
  lsn: 0x7001230,
  timeline: 4,
  terms: [
    { term: 6, lsn: 0x51c2a00 },
    { term: 7, lsn: 0x7001000 },
  ],
  follows: { primary: "s1-1", term: 6 },
  ready: { isGood: true, reason: "primary of term 7" },
  activity: "making a base backup for s1-2",
  lease: { kind: "mine", holder: "s1-0", remainingMs: 4_900 },
  postgresVersion: "18.4",
  lagBytes: 12,
  lagMs: 34,
  freeDiskBytes: 56_000_000_000,
  settings: {
    digest: "4f53cda18c2baa0c",
    restartPending: [],
    room: {
      max_connections: 300,
      max_worker_processes: 8,
      max_wal_senders: 30,
      max_prepared_transactions: 200,
      max_locks_per_transaction: 64,
    },
  },
  synchronous: { standbys: ["s1-1", "s1-2"], acknowledgements: 1 },
  standbys: [
    { name: "s1-1", state: "streaming", isSynchronous: true, lsn: 0x7001230, lagBytes: 0, lagMs: 1 },
    { name: "s1-2", state: "backup", isSynchronous: false },
  ],
  lostBytes: { maybeAcknowledged: 4_096, neverAcknowledged: 0 },
  decisions: [
    { at: "2026-11-28T19:00:00.000Z", times: 1, decision: "promote", reason: "the topology names this tablet" },
    { at: "2026-11-28T19:00:01.000Z", times: 812, decision: "try-lease", reason: "the primary renews its lease" },
  ],
  topologyAgeMs: 250,
  agentVersion: "0.1.0",
  uptimeMs: 812_345,
};

export const leastStatus: TabletStatus = {
  name: "s1-1",
  shard: "s1",
  pledge: { term: 0, candidate: "" },
  isWhole: false,
  role: "none",
  ready: { isGood: false, reason: "there is no data yet" },
  lease: { kind: "unknown" },
  standbys: [],
  decisions: [],
  agentVersion: "0.1.0",
  uptimeMs: 0,
};
