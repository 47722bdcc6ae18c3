// What an agent does next. Each decision says why in a sentence, and that sentence is the line in the log.
import type { ReadShard } from "../../src/topology/change-shard.ts";
import type { Cohort, Shard } from "../../src/topology/snapshot.ts";
import type { TermStart } from "./wal-position.ts";

export type Decision = { readonly reason: string } & (
  | { readonly kind: "wait" }
  /** A lease that is held is renewed without a decision, until "release-lease". */
  | { readonly kind: "try-lease" }
  /** And leave it to others for a while. */
  | { readonly kind: "release-lease"; readonly restMs: number }
  /**
   * Compare-and-swap of the shard's document. After "name-primary" the lease is released when that is another tablet.
   * When it is not known whether it was written, the document is read again before anything else is decided.
   */
  | {
      readonly kind: "change-shard";
      readonly change: ShardChange;
      readonly before: ReadShard;
      readonly after: Shard;
    }
  /** As if another tablet had asked for it: stop being primary, cut the receiver, flush, write. */
  | { readonly kind: "give-pledge"; readonly term: number; readonly candidate: string }
  /** The own pledge first, then the others are asked for theirs. */
  | { readonly kind: "ask-pledges"; readonly term: number }
  /** initdb; "not whole" until it is done. */
  | { readonly kind: "initialise" }
  /** Both write term and primary as the pledge, and "not whole", to disk first. A pledge of a later term breaks them off. */
  | { readonly kind: "clone"; readonly primary: string; readonly term: number }
  | { readonly kind: "rewind"; readonly primary: string; readonly term: number }
  /** Without a primary to follow, read-only. */
  | { readonly kind: "start-standby" }
  /**
   * On the timeline that it is on; a running standby is stopped first. Writes the record of the term if the WAL has none of
   * it, and is read-only until then.
   */
  | ({ readonly kind: "start-primary" } & NewPrimary)
  /** Of a running standby. */
  | ({ readonly kind: "promote" } & NewPrimary)
  /** The term is written to the own disk, as the pledge, before WAL is received. */
  | { readonly kind: "follow"; readonly primary: string; readonly term: number }
  /** Of a running standby: the receiver is gone, and what it has received is flushed. */
  | { readonly kind: "follow-nobody" }
  /** Stopped PostgreSQL is started again by a later decision. */
  | { readonly kind: "stop"; readonly mode: "fast" | "immediate" | "kill" }
  /** synchronous_standby_names of a running primary, until it is seen in force. */
  | { readonly kind: "set-synchronous"; readonly cohort: Cohort }
);

interface NewPrimary {
  readonly term: number;
  /** What is added to `shardgres.terms` with the term's record, when the WAL has none of this term. */
  readonly starts: readonly TermStart[];
  /** In force before the first write. */
  readonly synchronous: Cohort;
}

export type ShardChange =
  | "name-primary"
  | "begin-cohort"
  | "turn-cohort"
  | "settle-cohort"
  | "begin-switchover"
  | "end-switchover";
