// One client's session: what it has set, prepared and begun, and the order in which its messages are carried out. The
// work itself is in simple-query.ts, extended-query.ts and run-statement.ts.

import { loadCatalog } from "../src/catalog/loader.ts";
import type { CatalogSnapshot } from "../src/catalog/snapshot.ts";
import { allShards, type Execution, type OutputRequest, type StatementRun } from "../src/executor/execution.ts";
import type { ServerConnection, ServerLogin } from "../src/pgclient/server-connection.ts";
import type { Frame } from "../src/pgwire/frame-reader.ts";
import { frontend } from "../src/pgwire/message-type.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Lease, Traveller } from "../src/pool/pool.ts";
import type { SessionSettings } from "../src/pool/session-settings.ts";
import type { ShardName, Topology } from "../src/topology/snapshot.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { SessionTransaction } from "../src/transaction/session-transaction.ts";
import { type ClientConnection, ClientGone } from "./client-connection.ts";
import { endOfSession, errorResponse, noFunctionCalls } from "./client-errors.ts";
import { withoutLowering } from "./commit-durability.ts";
import type { CopyFromClient } from "./copy-from-client.ts";
import { Cursors } from "./cursors.ts";
import type { Database } from "./databases.ts";
import type { GatedSession } from "./distribution-gate.ts";
import { ExtendedQuery } from "./extended-query.ts";
import { type ExtendedMessage, extendedMessages } from "./extended-step.ts";
import type { Gateway } from "./gateway.ts";
import { canceledByUser, Interrupts, stopWork } from "./interrupts.ts";
import { MessageQueue, type MessageTaker } from "./message-queue.ts";
import { PlanScope } from "./plan-scope.ts";
import { readyMessages } from "./ready-messages.ts";
import { readPath } from "./run-set.ts";
import { parseSearchPath } from "./search-path.ts";
import type { SessionClock } from "./session-clock.ts";
import type { SessionDefaults } from "./session-defaults.ts";
import { SessionLimits } from "./session-limits.ts";
import { SessionReads } from "./session-reads.ts";
import { checkSerializable, maxGatheredRows, viewKind } from "./session-view.ts";
import { simpleQuery } from "./simple-query.ts";
import type { StatementLeases } from "./statement-leases.ts";
import { TemporaryNames } from "./temporary-names.ts";
import { untilReachable } from "./until-reachable.ts";

let sessionCount = 0;

export interface SessionStart {
  readonly client: ClientConnection;
  readonly gateway: Gateway;
  readonly database: Database;
  readonly login: ServerLogin;
  readonly loginKey: string;
  readonly settings: SessionSettings;
  readonly defaults: SessionDefaults;
}

export class Session implements GatedSession, MessageTaker {
  readonly client: ClientConnection;
  readonly gateway: Gateway;
  readonly database: Database;
  readonly login: ServerLogin;
  readonly loginKey: string;
  /** What RESET goes back to. */
  startupSettings: SessionSettings;
  readonly transaction: SessionTransaction;
  readonly extended: ExtendedQuery;
  readonly temporaryTables = new TemporaryNames();
  readonly cursors = new Cursors();
  readonly reserved = new Map<ShardName, Lease>();
  readonly interrupts = new Interrupts();
  readonly limits: SessionLimits;
  readonly reads: SessionReads;
  readonly clock: SessionClock;
  settings: SessionSettings;
  searchPath: readonly string[];
  /** Part of every cache key: what the meaning of a name depends on. */
  searchPathKey = "";
  /** COPY FROM STDIN in progress: CopyData goes here. */
  copy: CopyFromClient | undefined;
  /** Connections that work for this session now, outside of its transaction, and their shards. */
  readonly active = new Map<ServerConnection, ShardName>();
  /** Tells this session from the others of this gateway, earlier ones too. */
  readonly number = ++sessionCount;
  #currentText = "";
  readonly #defaults: SessionDefaults;
  /** To be called when the open transaction has ended and its outcome is in the catalog. */
  readonly whenEnded: (() => void)[] = [];
  #defaultPath: SessionDefaults["path"];
  #pathAfterCommit: SessionDefaults["path"] | undefined;
  #transactionCatalog: CatalogSnapshot | undefined;
  #isCatalogChanged = false;
  readonly #planScope = new PlanScope();
  readonly #messages = new MessageQueue(this);
  /** State of it at a shard is lost: it ends with this when what is under way has come to its end. */
  lost: SqlError | undefined;
  isEnded = false;

  constructor({ client, gateway, database, login, loginKey, settings, defaults }: SessionStart) {
    this.client = client;
    this.gateway = gateway;
    this.database = database;
    this.login = login;
    this.loginKey = loginKey;
    this.settings = settings;
    this.startupSettings = settings;
    this.#defaults = defaults;
    this.#defaultPath = defaults.path;
    this.searchPath = [];
    this.setPath(defaults.path);
    this.limits = new SessionLimits(this, defaults.limits);
    this.reads = new SessionReads(this);
    this.clock = this.limits.clock;
    this.transaction = new SessionTransaction({
      pool: gateway.tablets,
      traveller: () => this.traveller(),
      coordinator: database.coordinator,
      defaultIsolation: defaults.isolation,
      defaultReadOnly: defaults.isReadOnly,
      read: () => this.reads.ofTransaction,
      shards: () => allShards(this.topology).map(({ name }) => name),
      checkSerializable: () => checkSerializable(this.transaction),
      home: () => this.topology.home,
      onNews: (message) => client.write(message),
      onBegin: () => this.clock.transactionBegins(),
      signal: () => this.interrupts.signal,
      reserved: this.reserved,
    });
    this.extended = new ExtendedQuery(this);
    database.gate.sessions.add(this);
    gateway.deadlocks.sessions.add(this);
    this.limits.changed();
  }

  /** Text of what is about to be carried out. */
  set currentText(text: string) {
    this.#currentText = text;
    if (this.transaction.isExplicit && /nextval/i.test(text)) this.transaction.hasCalledNextval = true;
  }

  get runningText(): string {
    return this.#messages.isBusy ? this.#currentText.toLowerCase() : "";
  }

  /** A message is being carried out. */
  get isBusy(): boolean {
    return this.#messages.isBusy;
  }

  get holdsHomeLocks(): boolean {
    return this.transaction.isExplicit && this.transaction.participants.has(this.topology.home);
  }

  traveller(): Traveller {
    const { login, loginKey, settings } = this;
    return { login, loginKey, settings, holdTimeoutMs: this.limits.holdTimeoutMs };
  }

  topologyChanged(): void {
    this.settings = withoutLowering(this.topology, this.settings, this.reserved);
    this.startupSettings = withoutLowering(this.topology, this.startupSettings, this.reserved);
  }

  get topology(): Topology {
    return this.gateway.topology;
  }

  /** The catalog as this session sees it: with the uncommitted DDL of its own transaction. */
  get catalog(): CatalogSnapshot {
    return this.#transactionCatalog ?? this.database.catalog;
  }

  get readyMessage(): Buffer {
    return readyMessages[this.transaction.status];
  }

  /** Whatever the plan of a text depends on besides the text and its parameters. */
  get planScope(): string {
    const { catalog, topology, temporaryTables, gateway } = this;
    const { generation } = topology.buckets;
    return this.#planScope.of(catalog, generation, gateway.areStandbysAwaited, this.searchPathKey, temporaryTables.key);
  }

  setPath(path: SessionDefaults["path"]): void {
    this.searchPath = parseSearchPath(path.setting, path.role);
    this.searchPathKey = this.searchPath.join(",");
  }

  /** The path of the session itself, to which the end of a transaction goes back. */
  set lastingPath(path: SessionDefaults["path"]) {
    this.#defaultPath = path;
  }

  /** What SET search_path in the open transaction makes of the session when it commits. */
  set pathAfterCommit(path: SessionDefaults["path"]) {
    this.#pathAfterCommit = path;
  }

  /** The savepoint may lie before a SET or DDL of this transaction. */
  async rolledBackToSavepoint(): Promise<void> {
    this.limits.changed();
    const participant =
      this.transaction.participants.get(this.topology.home) ?? this.transaction.participants.values().next().value;
    if (participant === undefined) return;
    const path = await readPath(participant);
    this.setPath(path);
    if (this.reserved.has(this.topology.home)) {
      await this.temporaryTables.read(await this.transaction.join(this.topology.home));
    }
    if (this.#pathAfterCommit !== undefined) this.#pathAfterCommit = path;
    if (this.#isCatalogChanged) {
      await this.reloadTransactionCatalog(await this.transaction.join(this.topology.home));
    }
  }

  /** Reads the catalog through the transaction's own connection, so that its DDL is seen. */
  async reloadTransactionCatalog(home: Participant): Promise<void> {
    this.#isCatalogChanged = true;
    this.#transactionCatalog = await loadCatalog((sql) => home.queryText(sql), this.database.builtins);
  }

  /** Everything that the end of a transaction means for the session. `isCommitted` false: rolled back. */
  async transactionEnded(isCommitted: boolean, settings: SessionSettings): Promise<void> {
    this.settings = settings;
    // What was demanded meanwhile.
    this.topologyChanged();
    this.limits.changed();
    if (isCommitted && this.#pathAfterCommit !== undefined) this.#defaultPath = this.#pathAfterCommit;
    this.#pathAfterCommit = undefined;
    this.setPath(this.#defaultPath);
    this.cursors.transactionEnded(isCommitted);
    this.extended.forgetPortals();
    this.#transactionCatalog = undefined;
    await this.temporaryTables.transactionEnded(this.reserved.get(this.topology.home));
    try {
      if (this.#isCatalogChanged && isCommitted) await this.database.reloadAfterCommit();
    } finally {
      this.#isCatalogChanged = false;
      for (const listener of this.whenEnded.splice(0)) listener();
    }
  }

  /** What operators need for one statement. `participant` is of the open transaction, else of `leases`. */
  execution(statement: StatementRun, output: OutputRequest, leases: StatementLeases): Execution {
    return {
      sink: this.client,
      topology: this.topology,
      catalog: this.catalog,
      userTypes: this.database.userTypes,
      statement,
      output,
      isWholeStatement: true,
      descriptions: this.gateway.descriptions,
      scope: this.planScope + this.login.user,
      maxGatheredRows: maxGatheredRows(this.transaction),
      signal: this.interrupts.signal,
      viewKind: (shards, questions) => viewKind(this, shards, questions, leases.read),
      helpCommit: this.database.coordinator.help,
      participant: (shard) =>
        this.transaction.status === "open" ? this.transaction.join(shard) : leases.participant(shard),
      untilReachable: (shards) => (leases.read === undefined ? untilReachable(this, shards) : undefined),
      joined: () => this.transaction.participants.keys(),
    };
  }

  /** Messages of the client, in order. */
  receive(frames: readonly Frame[]): void {
    this.#messages.add(frames);
  }

  /** COPY data does not wait for its turn. */
  divert(frame: Frame): boolean {
    return this.copy?.take(frame) === true;
  }

  handle({ type, bytes }: Frame): void {
    if (this.clock.isOn) this.clock.messageComes();
    if (extendedMessages.has(type)) {
      this.extended.take(type as ExtendedMessage, bytes);
      return;
    }
    switch (type) {
      case frontend.query:
        this.extended.dropUnfinished();
        simpleQuery(this, bytes);
        return;
      case frontend.terminate:
        this.end();
        return;
      case frontend.copyData:
      case frontend.copyDone:
      case frontend.copyFail:
        // The client has not heard yet that its COPY failed.
        return;
      case frontend.functionCall:
        this.fail(noFunctionCalls(), 0);
        this.sayReady();
        return;
      default:
        throw new SqlError({
          severity: "FATAL",
          code: "08P01",
          message: `invalid frontend message type ${type}`,
        });
    }
  }

  /** From now on CopyData goes there. `isExtended`: the Sync behind Execute is void, the one behind CopyDone counts. */
  beginCopy(copy: CopyFromClient, isExtended: boolean): void {
    this.copy = copy;
    if (isExtended) this.extended.ignoreNextSync();
    // What came with the same read as Execute.
    this.#messages.addAgain();
  }

  /** What DISCARD ALL and a new session have in common. */
  resetPath(): void {
    this.setPath(this.#defaults.path);
    this.#defaultPath = this.#defaults.path;
  }

  /** The message, or the series up to Sync, has been answered. */
  sayReady(): void {
    if (this.isEnded) return;
    this.client.write(this.readyMessage);
    this.saidReady();
  }

  /** The same where the client has ReadyForQuery from a shard. */
  saidReady(): void {
    const { status } = this.transaction;
    if (status === "failed") this.transaction.freeLocks();
    if (this.clock.isOn) this.clock.ready(status);
  }

  /** While `work` runs no other message is carried out. It must not reject. */
  run(work: () => Promise<void>): void {
    this.begin();
    work().then(
      () => this.done(),
      (error: unknown) => this.fatal(error),
    );
  }

  begin(): void {
    this.#messages.begin();
  }

  done(): void {
    this.interrupts.reset();
    if (this.lost !== undefined) this.fatal(this.lost);
    this.#messages.done();
  }

  /** Tells the client; an open transaction has failed. */
  fail(reason: unknown, offset: number | undefined): void {
    this.transaction.fail();
    if (this.isEnded) return;
    const error = this.interrupts.explain(reason);
    if (error instanceof ClientGone) return;
    const end = endOfSession(error);
    if (end !== undefined) this.fatal(end);
    else this.client.write(errorResponse(error, offset, this.gateway.log));
  }

  /** Nothing can go on after this. */
  fatal(error: unknown): void {
    if (this.isEnded) return;
    if (!(error instanceof ClientGone)) {
      const shown =
        error instanceof SqlError ? new SqlError({ ...error.fields, severity: "FATAL", position: undefined }) : error;
      this.client.write(errorResponse(shown, undefined, this.gateway.log));
    }
    this.end();
  }

  /** Cancel request; nothing happens when the session is idle. */
  cancel(): void {
    this.interrupt(canceledByUser(), true);
  }

  interrupt(reason: Error, isWish = false): void {
    if (this.#messages.isBusy) stopWork(this, reason, isWish);
  }

  /** The session is over, whoever ended it. Its connections are free once what they do has ended. */
  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#messages.clear();
    this.clock.stop();
    this.copy?.abort(new ClientGone());
    stopWork(this, new ClientGone(), false);
    this.client.end();
    this.database.gate.sessions.delete(this);
    this.gateway.deadlocks.sessions.delete(this);
    void this.transaction.rollback().then(() => {
      if (!this.#messages.isBusy) this.interrupts.reset();
      for (const listener of this.whenEnded.splice(0)) listener();
      for (const lease of this.reserved.values()) lease.discard();
      this.reserved.clear();
    });
  }
}
