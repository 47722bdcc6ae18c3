// The transaction of one session over the shards that its statements touch. A shard joins at its first statement and is
// then given what the transaction has done to its own state so far: BEGIN, SET LOCAL, open savepoints.
//
// status: idle -> open (BEGIN, or a statement that needs several shards) -> idle
//                 open -> failed (an error) -> open (ROLLBACK TO) or idle (ROLLBACK, COMMIT)
import { assert, unreachable } from "../base/assert.ts";
import { backend } from "../pgwire/message-type.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { applySettings } from "../pool/apply-settings.ts";
import type { ReadOptions } from "../pool/read-options.ts";
import type { SessionSettings } from "../pool/session-settings.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { agreeOnSnapshots } from "./agree-on-snapshots.ts";
import { ChosenModes } from "./chosen-modes.ts";
import { commitParticipants, lossOf } from "./commit-participants.ts";
import { type Isolation, isolationIn, isSettingOff, isSettingOn } from "./isolation.ts";
import { Participant } from "./participant.ts";
import { Patience } from "./patience.ts";
import { prepareByClient } from "./prepare-by-client.ts";
import type { TransactionServices } from "./transaction-services.ts";
import { quotedSavepoint, savepointSql, TransactionSteps } from "./transaction-steps.ts";

export interface EndResult<Tag> {
  readonly tag: Tag | "ROLLBACK";
  /** Of the session from now on. */
  readonly settings: SessionSettings;
}

export class SessionTransaction {
  status: "idle" | "open" | "failed" = "idle";
  /** Begun by BEGIN; otherwise it ends with the message (or the Sync) that began it. */
  isExplicit = false;
  /** When it began: milliseconds of this machine's clock, with fractions. */
  startedAt = 0;
  /** A statement has called nextval on the home shard, so currval there is this session's own. */
  hasCalledNextval = false;
  /** Rows have moved: the distribution gate is closed until it ends. */
  hasDistributed = false;
  readonly participants = new Map<ShardName, Participant>();
  #services: TransactionServices;
  #chosen = new ChosenModes("");
  /** undefined: no statement has come yet that would decide where it reads. */
  #reading: { readonly from: ReadOptions | undefined } | undefined;
  #hasSnapshot = false;
  /** Shards that statements have used. */
  #used = new Set<ShardName>();
  /** While a transaction is open. */
  #steps: TransactionSteps | undefined;
  /** While the commit runs. */
  #committing: Promise<unknown> | undefined;
  /** What frees the locks of a transaction that has failed; in progress, or done. */
  #freeing: Promise<void> | undefined;
  /** Settings that participants have reported during the present command: the client is told once. */
  #reported = new Set<string>();

  constructor(services: TransactionServices) {
    this.#services = services;
  }

  /** `modes`: what follows BEGIN, as SQL text. */
  begin(modes: string, isExplicit: boolean): void {
    assert(this.status === "idle", "a transaction is open already");
    this.status = "open";
    this.startedAt = performance.timeOrigin + performance.now();
    this.isExplicit = isExplicit;
    const { isolation } = this;
    this.#chosen = new ChosenModes(modes);
    this.#chosen.isolation ??= isolation;
    this.#steps = new TransactionSteps(this.#services.traveller().settings);
    this.#services.onBegin?.();
  }

  get modes(): string {
    return this.#chosen.text;
  }

  /** The value of a setting as statements of this transaction see it. */
  setting(name: string): string | undefined {
    return this.#steps === undefined ? this.#services.traveller().settings.get(name) : this.#steps.setting(name);
  }

  /** From here on only the commit itself says how the transaction ends. */
  get isCommitting(): boolean {
    return this.#committing !== undefined;
  }

  /** Of the open transaction, else of the next one. */
  get isolation(): Isolation {
    return (
      this.#chosen.isolation ??
      isolationIn(this.setting("default_transaction_isolation")) ??
      this.#services.defaultIsolation
    );
  }

  get isReadOnly(): boolean {
    const { defaultReadOnly } = this.#services;
    return this.#chosen.isReadOnly ?? isSettingOn(this.setting("default_transaction_read_only")) ?? defaultReadOnly;
  }

  /** It reads from standbys, or may: so it stays read-only until its end. */
  get isOnStandbys(): boolean {
    return this.#reading?.from !== undefined;
  }

  /** A statement must `join` even where its shard is a participant already. */
  get mustJoin(): boolean {
    if (this.#reading === undefined && this.#services.read?.() !== undefined) return true;
    switch (this.isolation) {
      case "read committed":
        return false;
      case "repeatable read":
        return !this.#hasSnapshot;
      case "serializable":
        return true;
      default:
        return unreachable(this.isolation);
    }
  }

  /**
   * `purpose`: a statement, which needs its snapshot; DDL, which is the same on all shards; or only something that changes
   * the transaction's own state. Rejects with SqlError, ShardError or AppError.
   */
  async join(shard: ShardName, purpose: "statement" | "ddl" | "state" = "statement"): Promise<Participant> {
    assert(this.status === "open", "no transaction is open");
    if (purpose !== "state" && this.#reading === undefined) await this.#decideReading(purpose);
    if (purpose !== "state" && this.isolation === "repeatable read" && !this.#hasSnapshot) await this.#takeSnapshot();
    if (purpose === "statement" && this.isolation === "serializable" && this.#used.add(shard).size > 1) {
      this.#services.checkSerializable();
    }
    return this.#join(shard);
  }

  /** What has told primaries about its own state only (SET LOCAL, say) begins anew on the standbys. */
  async #decideReading(purpose: "statement" | "ddl"): Promise<void> {
    this.#reading = { from: purpose === "ddl" ? undefined : this.#services.read?.() };
    if (this.#reading.from === undefined) return;
    const participants = [...this.participants.values()];
    this.participants.clear();
    await Promise.all(participants.map((participant) => this.#rollBack(participant)));
    for (const participant of participants) this.#leave(participant);
  }

  /** REPEATABLE READ: one snapshot of all shards, which agree about every distributed commit. */
  async #takeSnapshot(): Promise<void> {
    const { coordinator, signal } = this.#services;
    this.#hasSnapshot = true;
    const shards = this.#services.shards();
    if (shards.length < 2 || this.isOnStandbys || isSettingOff(this.setting("shardgres.atomic_reads"))) return;
    const participants: Participant[] = [];
    for (const shard of shards) participants.push(await this.#join(shard));
    await agreeOnSnapshots(participants, this.#opened.sql, new Patience(coordinator.help, signal?.()));
  }

  async #join(shard: ShardName): Promise<Participant> {
    const present = this.participants.get(shard);
    if (present !== undefined) return present;
    const signal = this.#services.signal?.();
    signal?.throwIfAborted();
    const reserved = this.#services.reserved.get(shard);
    const traveller = this.#services.traveller();
    const options = { holdsOthers: this.participants.size > 0, signal, read: this.#reading?.from };
    const lease =
      reserved === undefined
        ? await this.#services.pool.acquire(shard, traveller, options)
        : await applySettings(reserved, traveller.settings);
    if (this.status !== "open") {
      if (reserved === undefined) lease.release();
      throw new SqlError({ code: "25P02", message: "the transaction has ended" });
    }
    // Another statement of a pipeline may have joined it meanwhile.
    const again = this.participants.get(shard);
    if (again !== undefined) {
      if (reserved === undefined) lease.release();
      return again;
    }
    const participant = new Participant(lease, `BEGIN ${this.modes}`, (message) => this.#hear(message));
    participant.isReserved = reserved !== undefined;
    this.participants.set(shard, participant);
    const { sql } = this.#opened;
    if (sql !== "") await participant.run(sql);
    return participant;
  }

  /** The connection was lost before anything that the transaction did there was answered: the shard has not joined. */
  leave(shard: ShardName): void {
    this.participants.get(shard)?.lease.discard();
    this.participants.delete(shard);
  }

  get #opened(): TransactionSteps {
    assert(this.#steps !== undefined, "no transaction is open");
    return this.#steps;
  }

  /** Marks the transaction as failed: until it ends, or goes back to a savepoint, every statement gets 25P02. */
  fail(): void {
    if (this.status === "open") this.status = "failed";
  }

  /**
   * To be called when the failed statement is over: PostgreSQL holds no locks after an error but those from before the
   * last savepoint. Nobody waits for it but those who end the transaction or go back to a savepoint.
   */
  freeLocks(): void {
    if (this.status !== "failed" || !this.isExplicit || this.#freeing !== undefined) return;
    const participants = [...this.participants.values()];
    for (const { lease } of participants) if (lease.connection.inFlight > 0) lease.connection.cancel();
    const savepoint = this.#opened.lastSavepoint;
    this.#reported.clear();
    if (savepoint === undefined) {
      this.participants.clear();
      this.#freeing = Promise.all(participants.map((participant) => this.#rollBack(participant))).then(() => {
        for (const participant of participants) this.#leave(participant);
      });
      return;
    }
    const sql = `ROLLBACK TO SAVEPOINT ${quotedSavepoint(savepoint)}`;
    // Where it fails, so will the client's own.
    const goBack = (participant: Participant) => participant.runAudibly(sql).catch(() => {});
    this.#freeing = Promise.all(participants.filter(({ isOpen }) => isOpen).map(goBack)).then(() => {});
  }

  /**
   * Takes note of a SET of this transaction that its participants have carried out. `sql`: for those that join later;
   * undefined where it does not concern them.
   */
  recordSetting(name: string, value: string | undefined, scope: "session" | "local", sql: string | undefined): void {
    if (sql !== undefined) this.#opened.add(sql);
    this.#chosen.set(name, value);
    this.#opened.set(name, value, scope);
  }

  replaceSettings(settings: SessionSettings, sql: string): void {
    this.#opened.replaceSettings(settings);
    this.#opened.add(sql);
  }

  /** SET TRANSACTION: for the participants there are and those to come. */
  recordModes(modes: string, sql: string): void {
    this.#chosen.choose(modes);
    this.#opened.add(sql);
  }

  async savepoint(name: string): Promise<void> {
    await this.#onEach(savepointSql(name));
    this.#opened.addSavepoint(name);
  }

  async release(name: string): Promise<void> {
    this.#opened.checkSavepoint(name);
    await this.#onEach(`RELEASE SAVEPOINT ${quotedSavepoint(name)}`);
    this.#opened.release(name);
  }

  async rollbackTo(name: string): Promise<void> {
    this.#opened.checkSavepoint(name);
    await this.#freeing;
    this.#freeing = undefined;
    // A participant that never got its BEGIN has nothing to go back from; one that was lost is lost for good.
    for (const { lease } of this.participants.values()) if (lease.connection.isClosed) throw lossOf(lease);
    await this.#onEach(`ROLLBACK TO SAVEPOINT ${quotedSavepoint(name)}`);
    this.#opened.goBackTo(name);
    this.status = "open";
  }

  /** Resolves with the command tag: ROLLBACK when the transaction had failed. Rejects when it could not be committed. */
  commit(): Promise<EndResult<"COMMIT">> {
    const { coordinator, onNews } = this.#services;
    return this.#succeed("COMMIT", () => commitParticipants(this.#begun, coordinator, (warning) => onNews?.(warning)));
  }

  /**
   * PREPARE TRANSACTION by the client: `prepareSql` is for the home shard, which takes part in any case. Resolves with the
   * command tag: ROLLBACK when the transaction had failed. Rejects when it is rolled back, or with 08007.
   */
  prepare(prepareSql: string): Promise<EndResult<"PREPARE TRANSACTION">> {
    return this.#succeed("PREPARE TRANSACTION", async () => {
      const home = await this.join(this.#services.home(), "state");
      // Outside of a block PREPARE TRANSACTION is a mere warning, so its BEGIN must have been carried out.
      if (!home.hasBegun) await home.run("SELECT");
      await prepareByClient(prepareSql, home, this.#begun, this.#services.coordinator);
    });
  }

  /** Home first, so that it keeps the decision: NOTIFY is done there, and cannot be prepared. */
  get #begun(): Participant[] {
    const isAway = ({ shard }: Participant) => Number(shard !== this.#services.home());
    return [...this.participants.values()].filter(({ hasBegun }) => hasBegun).sort((a, b) => isAway(a) - isAway(b));
  }

  async #succeed<Tag extends string>(tag: Tag, work: () => Promise<void>): Promise<EndResult<Tag>> {
    const result = this.#endOrUndo(tag, work);
    this.#committing = result;
    try {
      return await result;
    } finally {
      this.#committing = undefined;
    }
  }

  async #endOrUndo<Tag extends string>(tag: Tag, work: () => Promise<void>): Promise<EndResult<Tag>> {
    if (this.status === "failed") {
      await this.#undo();
      return { tag: "ROLLBACK", settings: this.#services.traveller().settings };
    }
    this.#reported.clear();
    const { settings } = this.#opened;
    try {
      await work();
    } catch (error) {
      // PREPARE TRANSACTION ends the transaction for its session: settings stay, whatever becomes of it.
      for (const { lease, busyUntil } of this.participants.values()) if (busyUntil) lease.settings = settings;
      await this.#undo();
      throw error;
    }
    for (const { lease } of this.participants.values()) lease.settings = settings;
    this.#end();
    return { tag, settings };
  }

  /**
   * Never rejects: a participant that cannot be rolled back is cut off, which rolls it back as well. A commit that has
   * begun is waited for instead.
   */
  async rollback(): Promise<void> {
    if (this.#committing !== undefined) await this.#committing.catch(() => {});
    else await this.#undo();
  }

  /** Cancels what its participants are doing, as far as it may be cancelled. `isWish`: of the client. */
  cancel(isWish: boolean): void {
    for (const { lease, shieldedFrom } of this.participants.values()) {
      const isShielded = shieldedFrom === "everything" || (shieldedFrom === "all but the client" && !isWish);
      if (lease.connection.inFlight > 0 && !isShielded) lease.connection.cancel();
    }
  }

  async #undo(): Promise<void> {
    await this.#freeing;
    this.#reported.clear();
    await Promise.all([...this.participants.values()].map((participant) => this.#rollBack(participant)));
    this.#end();
  }

  async #rollBack(participant: Participant): Promise<void> {
    if (!participant.isOpen) return;
    try {
      await participant.runAudibly("ROLLBACK");
    } catch {
      participant.lease.discard();
    }
  }

  /** The participant has ended its part. Rolled back, it has the settings it joined with, whatever the session's are now. */
  #leave({ lease, shard, busyUntil }: Participant): void {
    const { reserved } = this.#services;
    if (reserved.get(shard) === lease) {
      if (lease.connection.isClosed) reserved.delete(shard);
    } else if (busyUntil === undefined) {
      lease.release();
    } else {
      void busyUntil.catch(() => {}).then(() => lease.release());
    }
  }

  #end(): void {
    for (const participant of this.participants.values()) this.#leave(participant);
    this.participants.clear();
    this.#freeing = undefined;
    this.#steps = undefined;
    this.status = "idle";
    this.isExplicit = false;
    this.hasCalledNextval = false;
    this.hasDistributed = false;
    this.#chosen = new ChosenModes("");
    this.#reading = undefined;
    this.#hasSnapshot = false;
    this.#used.clear();
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
}
