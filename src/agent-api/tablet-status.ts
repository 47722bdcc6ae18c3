// All that a tablet agent tells of its tablet, for people, `shardgres shards` and metrics. Nothing is decided by it.
import type { Json } from "../base/json.ts";
import { lsnText } from "../base/lsn.ts";
import type { Cohort } from "../topology/snapshot.ts";
import type { MessageFields } from "./message-fields.ts";
import { readTabletAnswer, type TabletAnswer, writeTabletAnswer } from "./tablet-answer.ts";

export interface TabletStatus extends TabletAnswer {
  readonly shard: string;
  readonly ready: Health;
  /** What takes long at present, and how far it is: "cloning from s1-0: 45 % of 12 GB". */
  readonly activity?: string;
  readonly lease: LeaseStatus;
  /** "18.4" */
  readonly postgresVersion?: string;
  /** How far a standby is behind its primary, in WAL that it has not flushed. */
  readonly lagBytes?: number;
  /** How old the last transaction is that a standby has replayed, unless it has replayed all. */
  readonly lagMs?: number;
  /** Whose acknowledgement a primary's commits wait for, as its PostgreSQL has it. */
  readonly synchronous?: Cohort;
  /** Who receives WAL from this tablet. */
  readonly standbys: readonly StandbyStatus[];
  /** Of WAL that this tablet has written as primary and had to give up, since its agent has started. */
  readonly lostBytes?: LostBytes;
  /** The newest last. */
  readonly decisions: readonly LoggedDecision[];
  /** Since when the store has not confirmed what this tablet knows of the topology. */
  readonly topologyAgeMs?: number;
  readonly agentVersion: string;
  readonly uptimeMs: number;
}

export interface LostBytes {
  /** Commits did not wait for standbys. */
  readonly maybeAcknowledged: number;
  readonly neverAcknowledged: number;
}

export interface Health {
  readonly isGood: boolean;
  /** What there is to say: why not, or how. */
  readonly reason: string;
}

export interface LeaseStatus {
  readonly kind: "mine" | "other" | "free" | "unknown";
  /** Who has it, if another. */
  readonly holder?: string;
  /** For how long it holds yet. */
  readonly remainingMs?: number;
}

export interface StandbyStatus {
  readonly name: string;
  /** PostgreSQL's word: startup, catchup, streaming, backup, stopping. */
  readonly state: string;
  readonly isSynchronous: boolean;
  /** What it has flushed. */
  readonly lsn?: number;
  readonly lagBytes?: number;
  readonly lagMs?: number;
}

export interface LoggedDecision {
  /** When it was taken first: RFC 3339, UTC. */
  readonly at: string;
  /** How often in a row. */
  readonly times: number;
  readonly decision: string;
  readonly reason: string;
}

/** Throws AppError "invalid-message". Fields that only a newer version knows are passed over. */
export function readTabletStatus(fields: MessageFields): TabletStatus {
  const { optional, object, integer, list } = fields;
  return {
    ...readTabletAnswer(fields),
    shard: fields.text("shard"),
    ready: readHealth(object("ready")),
    ...some("activity", optional("activity", fields.sentence)),
    lease: readLease(object("lease")),
    ...some("postgresVersion", optional("postgresVersion", fields.text)),
    ...some("lagBytes", optional("lagBytes", integer)),
    ...some("lagMs", optional("lagMs", integer)),
    ...some(
      "synchronous",
      optional("synchronous", (name) => readCohort(object(name))),
    ),
    standbys: list("standbys").map(readStandby),
    ...some(
      "lostBytes",
      optional("lostBytes", (name) => readLost(object(name))),
    ),
    decisions: list("decisions").map(readDecision),
    ...some("topologyAgeMs", optional("topologyAgeMs", integer)),
    agentVersion: fields.text("agentVersion"),
    uptimeMs: integer("uptimeMs"),
  };
}

export function writeTabletStatus(status: TabletStatus): { readonly [key: string]: Json } {
  const { shard, ready, lease, standbys, decisions, agentVersion, synchronous } = status;
  const whole = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, Math.round(ms)));
  return {
    shard,
    ...writeTabletAnswer(status),
    ready: { isGood: ready.isGood, reason: ready.reason },
    ...some("activity", status.activity),
    lease: {
      kind: lease.kind,
      ...some("holder", lease.holder),
      ...some("remainingMs", whole(lease.remainingMs)),
    },
    ...some("postgresVersion", status.postgresVersion),
    ...some("lagBytes", whole(status.lagBytes)),
    ...some("lagMs", whole(status.lagMs)),
    ...(synchronous && {
      synchronous: { standbys: synchronous.standbys, acknowledgements: synchronous.acknowledgements },
    }),
    standbys: standbys.map(({ name, state, isSynchronous, lsn, lagBytes, lagMs }) => ({
      name,
      state,
      isSynchronous,
      ...(lsn !== undefined && { lsn: lsnText(lsn) }),
      ...some("lagBytes", whole(lagBytes)),
      ...some("lagMs", whole(lagMs)),
    })),
    ...(status.lostBytes && { lostBytes: { ...status.lostBytes } }),
    decisions: decisions.map(({ at, times, decision, reason }) => ({ at, times, decision, reason })),
    ...some("topologyAgeMs", whole(status.topologyAgeMs)),
    agentVersion,
    uptimeMs: whole(status.uptimeMs)!,
  };
}

function readHealth(fields: MessageFields): Health {
  return { isGood: fields.flag("isGood"), reason: fields.sentence("reason") };
}

function readLease(fields: MessageFields): LeaseStatus {
  return {
    kind: fields.oneOf("kind", ["mine", "other", "free", "unknown"]),
    ...some("holder", fields.optional("holder", fields.text)),
    ...some("remainingMs", fields.optional("remainingMs", fields.integer)),
  };
}

function readLost(fields: MessageFields): LostBytes {
  return {
    maybeAcknowledged: fields.integer("maybeAcknowledged"),
    neverAcknowledged: fields.integer("neverAcknowledged"),
  };
}

function readCohort(fields: MessageFields): Cohort {
  return { standbys: fields.texts("standbys"), acknowledgements: fields.integer("acknowledgements") };
}

function readStandby(fields: MessageFields): StandbyStatus {
  const { optional, integer } = fields;
  return {
    name: fields.text("name"),
    state: fields.text("state"),
    isSynchronous: fields.flag("isSynchronous"),
    ...some("lsn", optional("lsn", fields.lsn)),
    ...some("lagBytes", optional("lagBytes", integer)),
    ...some("lagMs", optional("lagMs", integer)),
  };
}

function readDecision(fields: MessageFields): LoggedDecision {
  const at = fields.text("at");
  if (Number.isNaN(Date.parse(at))) throw fields.invalid("at", "is not a time");
  return {
    at,
    times: fields.integer("times"),
    decision: fields.sentence("decision"),
    reason: fields.sentence("reason"),
  };
}

/** A property, or none: optional ones are left out, not undefined. */
function some<K extends string, T>(name: K, value: T | undefined): { readonly [key in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: T });
}
