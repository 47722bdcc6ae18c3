// The transaction of one session over the shards that its statements touch. A shard joins at its first statement and is
// then given what the transaction has done to its own state so far: BEGIN, SET LOCAL, open savepoints.
//
// status: idle -> open (BEGIN, or a statement that needs several shards) -> idle
//                 open -> failed (an error) -> open (ROLLBACK TO) or idle (ROLLBACK, COMMIT)
import { assert } from "../base/assert.ts";
import { backend, transactionStatus } from "../pgwire/message-type.ts";
import { noticeResponse } from "../pgwire/notice.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { Lease, Pool, Traveller } from "../pool/pool.ts";
import type { SessionSettings } from "../pool/session-settings.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { commitTwoPhase } from "./commit-two-phase.ts";
import type { Coordinator } from "./coordinator.ts";
import { Participant } from "./participant.ts";

export interface TransactionServices {
  readonly pool: Pool;
  /** Login and settings of the session as they are outside the transaction. */
  traveller(): Traveller;
  readonly coordinator: Coordinator;
  /** Notices of deferred triggers, and settings that go back, while the transaction ends. */
  onNews?(message: Buffer): void;
  /** Connections that stay with the session between transactions, by shard. */
  readonly reserved: Map<ShardName, Lease>;
}

/** What a shard that joins later must be told, in order. */
type Step =
  | { readonly kind: "sql"; readonly sql: string }
  | { readonly kind: "savepoint"; readonly name: string; readonly settingsBefore: SessionSettings };

export class SessionTransaction {
  status: "idle" | "open" | "failed" = "idle";
  /** Begun by BEGIN; otherwise it ends with the message (or the Sync) that began it. */
  isExplicit = false;
  /** A statement has called nextval on the home shard, so currval there is this session's own. */
  hasCalledNextval = false;
  readonly participants = new Map<ShardName, Participant>();
  /** Settings as this transaction has changed them so far, for the session when it commits. */
  settings: SessionSettings | undefined;
  #services: TransactionServices;
  #modes = "";
  #steps: Step[] = [];
  /** Settings under SET LOCAL, for what the gateway itself must know. */
  #local = new Map<string, string>();
  #abort = new AbortController();
  /** Settings that participants have reported during the present command: the client is told once. */
  #reported = new Set<string>();

  constructor(services: TransactionServices) {
    this.#services = services;
  }

  /** `modes`: what follows BEGIN, as SQL text. */
  begin(modes: string, isExplicit: boolean): void {
    assert(this.status === "idle", "a transaction is open already");
    this.status = "open";
    this.isExplicit = isExplicit;
    this.#modes = modes;
    this.settings = this.#services.traveller().settings;
    this.#abort = new AbortController();
  }

  get modes(): string {
    return this.#modes;
  }

  /** The value of a setting as statements of this transaction see it. */
  setting(name: string): string | undefined {
    return this.#local.get(name) ?? (this.settings ?? this.#services.traveller().settings).get(name);
  }

  async join(shard: ShardName): Promise<Participant> {
    assert(this.status === "open", "no transaction is open");
    const present = this.participants.get(shard);
    if (present !== undefined) return present;
    const reserved = this.#services.reserved.get(shard);
    const lease =
      reserved ??
      (await this.#services.pool.acquire(shard, this.#services.traveller(), {
        holdsOthers: this.participants.size > 0,
        signal: this.#abort.signal,
      }));
    // Another statement of a pipeline may have joined it meanwhile.
    const again = this.participants.get(shard);
    if (again !== undefined) {
      if (reserved === undefined) lease.release();
      return again;
    }
    const participant = new Participant(lease, `BEGIN ${this.#modes}`, (message) => this.#hear(message));
    participant.isReserved = reserved !== undefined;
    this.participants.set(shard, participant);
    if (this.#steps.length > 0) {
      await participant.run(
        this.#steps.map((step) => (step.kind === "sql" ? step.sql : savepointSql(step.name))).join("; "),
      );
    }
    return participant;
  }

  /** Marks the transaction as failed: until it ends, or goes back to a savepoint, every statement gets 25P02. */
  fail(): void {
    if (this.status === "open") this.status = "failed";
  }

  /** Takes note of a SET of this transaction that its participants have carried out. */
  recordSetting(name: string, value: string | undefined, scope: "session" | "local", sql: string): void {
    this.#steps.push({ kind: "sql", sql });
    if (scope === "session") {
      assert(this.settings !== undefined, "no transaction is open");
      this.settings = name === "all" ? this.settings : this.settings.with(name, value);
      this.#local.delete(name);
    } else if (value !== undefined) {
      this.#local.set(name, value);
    }
  }

  replaceSettings(settings: SessionSettings, sql: string): void {
    this.settings = settings;
    this.#steps.push({ kind: "sql", sql });
  }

  /** SET TRANSACTION and the like: for the participants there are and those to come. */
  recordStep(sql: string): void {
    this.#steps.push({ kind: "sql", sql });
  }

  async savepoint(name: string): Promise<void> {
    await this.#onEach(savepointSql(name));
    this.#steps.push({ kind: "savepoint", name, settingsBefore: this.settings! });
  }

  async release(name: string): Promise<void> {
    const at = this.#findSavepoint(name);
    await this.#onEach(`RELEASE SAVEPOINT ${quoted(name)}`);
    this.#steps = this.#steps.filter((step, index) => index < at || step.kind === "sql");
  }

  async rollbackTo(name: string): Promise<void> {
    const at = this.#findSavepoint(name);
    // A participant that never got its BEGIN has nothing to go back from; one that was lost is lost for good.
    for (const participant of this.participants.values()) {
      if (participant.lease.connection.isClosed) throw connectionLost();
    }
    const step = this.#steps[at]!;
    await this.#onEach(`ROLLBACK TO SAVEPOINT ${quoted(name)}`);
    this.#steps.length = at + 1;
    if (step.kind === "savepoint") this.settings = step.settingsBefore;
    this.#local.clear();
    this.status = "open";
  }

  /** Resolves with the command tag: ROLLBACK when the transaction had failed. Rejects when it could not be committed. */
  async commit(): Promise<{ readonly tag: "COMMIT" | "ROLLBACK"; readonly settings: SessionSettings }> {
    if (this.status === "failed") {
      await this.rollback();
      return { tag: "ROLLBACK", settings: this.#services.traveller().settings };
    }
    this.#reported.clear();
    const settings = this.settings!;
    const all = [...this.participants.values()].filter((participant) => participant.hasBegun);
    // COMMIT and PREPARE of a transaction that a shard has given up would roll it back and report success.
    if (all.some(({ lease: { connection } }) => connection.isClosed || connection.status !== transactionStatus.open)) {
      await this.rollback();
      throw connectionLost();
    }
    const writers = all.filter((participant) => participant.wrote);
    const readers = all.filter((participant) => !participant.wrote);
    try {
      if (writers.length > 1) {
        const { gid, late } = await commitTwoPhase(writers, this.#services.coordinator);
        for (const shard of late) this.#services.onNews?.(commitIsLate(shard, gid));
      } else if (writers.length === 1) {
        await writers[0]!.runAudibly("COMMIT");
      }
    } catch (error) {
      await this.rollback();
      throw error;
    }
    await Promise.all(readers.map((reader) => reader.runAudibly("COMMIT")));
    this.#end(settings);
    return { tag: "COMMIT", settings };
  }

  /** Never rejects: a participant that cannot be rolled back is cut off, which rolls it back as well. */
  async rollback(): Promise<void> {
    this.#reported.clear();
    this.#abort.abort(new SqlError({ code: "25P02", message: "the transaction has ended" }));
    await Promise.all(
      [...this.participants.values()].map(async (participant) => {
        if (!participant.isOpen) return;
        try {
          await participant.runAudibly("ROLLBACK");
        } catch {
          participant.lease.discard();
        }
      }),
    );
    this.#end(this.#services.traveller().settings);
  }

  #end(settings: SessionSettings): void {
    for (const [shard, participant] of this.participants) {
      participant.lease.settings = settings;
      if (this.#services.reserved.get(shard) === participant.lease) {
        if (participant.lease.connection.isClosed) this.#services.reserved.delete(shard);
        continue;
      }
      if (participant.busyUntil === undefined) participant.lease.release();
      else void participant.busyUntil.catch(() => {}).then(() => participant.lease.release());
    }
    this.participants.clear();
    this.#steps = [];
    this.#local.clear();
    this.settings = undefined;
    this.status = "idle";
    this.isExplicit = false;
    this.hasCalledNextval = false;
  }

  #hear(message: Buffer): void {
    if (message[0] === backend.parameterStatus) {
      const report = message.toString();
      if (this.#reported.has(report)) return;
      this.#reported.add(report);
    }
    this.#services.onNews?.(message);
  }

  async #onEach(sql: string): Promise<void> {
    this.#reported.clear();
    await Promise.all(
      [...this.participants.values()].map((participant) =>
        participant.hasBegun ? participant.runAudibly(sql) : undefined,
      ),
    );
  }

  #findSavepoint(name: string): number {
    const at = this.#steps.findLastIndex((step) => step.kind === "savepoint" && step.name === name);
    if (at < 0) throw new SqlError({ code: "3B001", message: `savepoint "${name}" does not exist` });
    return at;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function savepointSql(name: string): string {
  return `SAVEPOINT ${quoted(name)}`;
}

function commitIsLate(shard: ShardName, gid: string): Buffer {
  return noticeResponse(
    "WARNING",
    "01000",
    `the transaction is committed, but shard "${shard}" does not show it yet (global transaction id ${gid})`,
  );
}

export function connectionLost(): SqlError {
  return new SqlError({ code: "08006", message: "the connection to a shard of this transaction was lost" });
}
