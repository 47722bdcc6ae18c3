// The extended query protocol. Messages are collected up to Sync (or Flush). When everything in them is for one shard
// they go on together, in one write, with nothing but names replaced; otherwise they are carried out one by one.
import { unreachable } from "../src/base/assert.ts";
import type { StatementRun } from "../src/executor/execution.ts";
import {
  bindComplete,
  closeComplete,
  emptyQueryResponse,
  noData,
  parameterDescription,
  parseComplete,
  portalSuspended,
} from "../src/pgwire/backend-message.ts";
import type { TargetMessage } from "../src/pgwire/frontend-message.ts";
import { frontend } from "../src/pgwire/message-type.ts";
import {
  encodeRowDescription,
  haveSameTypes,
  parseRowDescription,
  withFormats,
} from "../src/pgwire/row-description.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import { describeStatement } from "./describe-statement.ts";
import { decodeStep, type ExtendedMessage, type Step } from "./extended-step.ts";
import { HeldPortal } from "./held-portal.ts";
import { checkNewName, checkParameterCount, needsTypes, planned } from "./planned.ts";
import type { Portal, Prepared } from "./prepared.ts";
import { errorOf } from "./refusal.ts";
import { endsFailedTransaction, runStatement, transactionAborted } from "./run-statement.ts";
import { commit, rollback } from "./run-transaction.ts";
import { sendToShard } from "./send-to-shard.ts";
import type { Session } from "./session.ts";
import { Together } from "./together.ts";

export class ExtendedQuery {
  readonly statements = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();
  #session: Session;
  #steps: Step[] = [];
  /** After an error everything up to Sync is passed over. */
  #isSkipping = false;
  #syncsToIgnore = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Portals end with their transaction. */
  forgetPortals(): void {
    this.#portals.clear();
  }

  ignoreNextSync(): void {
    this.#syncsToIgnore++;
  }

  /** A simple query in the midst of extended messages. */
  dropUnfinished(): void {
    this.#steps = [];
    this.#isSkipping = false;
  }

  take(type: ExtendedMessage, bytes: Buffer): void {
    if (type === frontend.sync) {
      this.#sync();
      return;
    }
    if (this.#isSkipping) return;
    try {
      if (type === frontend.flush) this.#flush();
      else this.#steps.push(decodeStep(type, bytes));
    } catch (error) {
      // What came before the broken message is carried out first.
      const steps = this.#takeSteps();
      this.#isSkipping = true;
      this.#session.run(async () => {
        if (await this.#runSteps(steps)) await this.#failed(error);
      });
    }
  }

  #takeSteps(): Step[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  #flush(): void {
    const steps = this.#takeSteps();
    if (steps.length === 0) return;
    this.#session.run(async () => {
      await this.#runSteps(steps, true);
    });
  }

  #sync(): void {
    if (this.#syncsToIgnore > 0) {
      this.#syncsToIgnore--;
      return;
    }
    const session = this.#session;
    const steps = this.#takeSteps();
    if (this.#isSkipping) {
      this.#isSkipping = false;
      if (session.transaction.status !== "idle" && !session.transaction.isExplicit) {
        session.run(async () => {
          await rollback(session);
          session.sayReady();
        });
        return;
      }
      session.sayReady();
      return;
    }
    if (steps.length > 0 && this.#forwardTogether(steps)) return;
    session.run(() => this.#runToSync(steps));
  }

  /** True when all steps are on their way to one shard. */
  #forwardTogether(steps: readonly Step[]): boolean {
    const session = this.#session;
    const { transaction } = session;
    // An implicit transaction that Flush has left open ends with this Sync, which the shard would not know.
    if (transaction.status === "failed" || (transaction.status === "open" && !transaction.isExplicit)) return false;
    if (session.database.gate.isActive) return false;
    const together = new Together(session, this.statements, this.#portals);
    let isForwardable: boolean;
    try {
      isForwardable = steps.every((step) => together.add(step));
    } catch {
      // Carried out one by one, the error comes where it belongs.
      return false;
    }
    if (!isForwardable || (together.shard !== undefined && !session.reads.takeShortWay(together.readOnly)))
      return false;
    const shard = together.shard ?? session.transaction.participants.keys().next().value ?? session.topology.home;
    const { bytes, needs } = together.finish(shard);
    const { texts, readOnly, described } = together;
    session.currentText = texts.length === 1 ? texts[0]! : texts.join("\n");
    const uncertain = together.commit(transaction.status === "open");
    const catalogVersion = session.catalog.version;
    sendToShard(session, {
      shard,
      bytes,
      needs,
      readOnly,
      isExtended: true,
      texts,
      onError() {
        for (const prepared of uncertain) prepared.isUncertain = true;
      },
      onRowDescription:
        described === undefined
          ? undefined
          : (message) => {
              described.told = { fields: parseRowDescription(message), catalogVersion };
            },
    });
    return true;
  }

  async #runToSync(steps: readonly Step[]): Promise<void> {
    const session = this.#session;
    const { transaction } = session;
    if (await this.#runSteps(steps)) {
      try {
        if (transaction.status === "open" && !transaction.isExplicit) await commit(session);
      } catch (error) {
        session.fail(error, undefined);
      }
    } else if (transaction.status !== "idle" && !transaction.isExplicit) {
      await rollback(session);
    }
    this.#isSkipping = false;
    if (transaction.status === "idle") this.#portals.clear();
    session.sayReady();
  }

  /**
   * Several statements before one Sync are one transaction; with `isUnfinished` there may be more to come. False when
   * one failed: the client has been told, and what follows up to Sync is passed over.
   */
  async #runSteps(steps: readonly Step[], isUnfinished = false): Promise<boolean> {
    const isInSeries = isUnfinished || steps.filter(({ kind }) => kind === "execute").length > 1;
    // What fails behind a statement, before Sync, takes it back.
    const last = isInSeries ? undefined : steps.findLast(({ kind }) => kind !== "close");
    for (const step of steps) {
      try {
        await this.#runStep(step, isInSeries, step === last);
      } catch (error) {
        await this.#failed(step.kind === "parse" ? await errorOf(this.#session, step.message.text, error) : error);
        return false;
      }
    }
    return true;
  }

  async #failed(error: unknown): Promise<void> {
    this.#isSkipping = true;
    this.#session.fail(error, 0);
  }

  async #runStep(step: Step, isInSeries: boolean, isLast: boolean): Promise<void> {
    const session = this.#session;
    const { client } = session;
    switch (step.kind) {
      case "parse": {
        const { statement, text, parameterTypes } = step.message;
        checkNewName(this.statements, statement);
        const shared = session.gateway.statements.get(text, parameterTypes);
        // Also finds what is wrong with it.
        const { plan } = planned(session, shared);
        if (session.transaction.status === "failed" && !(plan !== undefined && endsFailedTransaction(plan))) {
          throw transactionAborted();
        }
        if (plan !== undefined) await describeStatement(session, shared, plan);
        this.statements.set(statement, { shared, isUncertain: false });
        client.write(parseComplete);
        return;
      }
      case "bind": {
        const { portal, statement } = step.message;
        const prepared = this.#statement(statement);
        if (portal !== "" && this.#portals.has(portal)) {
          throw new SqlError({ code: "42P03", message: `cursor "${portal}" already exists` });
        }
        checkParameterCount(prepared, step.message);
        await this.#checkColumns(prepared);
        this.#portals.set(portal, { prepared, bind: step.message, shard: undefined, held: undefined });
        client.write(bindComplete);
        return;
      }
      case "describe":
        client.write(await this.#describe(step.message));
        return;
      case "close":
        if (step.message.kind === "statement") this.statements.delete(step.message.name);
        else this.#portals.delete(step.message.name);
        client.write(closeComplete);
        return;
      case "execute":
        await this.#execute(step.portal, step.rowLimit, isInSeries, isLast);
        return;
      default:
        unreachable(step);
    }
  }

  /** The client reads rows by the columns that it was told: they must still be the same. */
  async #checkColumns(prepared: Prepared): Promise<void> {
    const session = this.#session;
    const { told, shared } = prepared;
    if (told === undefined || told.catalogVersion === session.catalog.version) return;
    const { plan } = planned(session, shared);
    if (plan === undefined) return;
    const { fields = [] } = await describeStatement(session, shared, plan);
    if (!haveSameTypes(told.fields, fields)) {
      throw new SqlError({ code: "0A000", message: "cached plan must not change result type" });
    }
    prepared.told = { fields: told.fields, catalogVersion: session.catalog.version };
  }

  async #describe({ kind, name }: TargetMessage): Promise<Buffer> {
    const session = this.#session;
    const portal = kind === "portal" ? this.#portal(name) : undefined;
    const { shared } = portal?.prepared ?? this.#statement(name);
    const { plan } = planned(session, shared);
    if (session.transaction.status === "failed" && !(plan !== undefined && endsFailedTransaction(plan))) {
      throw transactionAborted();
    }
    const { parameterTypes, fields } =
      plan === undefined ? { parameterTypes: [], fields: undefined } : await describeStatement(session, shared, plan);
    if (portal === undefined) {
      this.#statement(name).told = { fields: fields ?? [], catalogVersion: session.catalog.version };
    }
    const rows =
      fields === undefined ? noData : encodeRowDescription(withFormats(fields, portal?.bind.resultFormats ?? []));
    return portal === undefined ? Buffer.concat([parameterDescription(parameterTypes), rows]) : rows;
  }

  async #execute(name: string, rowLimit: number, isInSeries: boolean, isLast: boolean): Promise<void> {
    const session = this.#session;
    const { client } = session;
    const portal = this.#portal(name);
    if (portal.held === undefined) {
      const { shared } = portal.prepared;
      if (session.database.gate.isActive) await session.database.gate.pass(shared.text, session);
      const { plan } = planned(session, shared);
      if (plan === undefined) {
        client.write(emptyQueryResponse);
        return;
      }
      const { bind } = portal;
      session.currentText = shared.text;
      const declared = shared.parameterTypes ?? shared.declaredTypes;
      const parameterTypes = needsTypes(bind, declared, plan)
        ? (await describeStatement(session, shared, plan)).parameterTypes
        : declared;
      const run: StatementRun = {
        text: shared.text,
        offset: 0,
        literals: shared.normalized?.literals ?? [],
        parameters: bind.parameters,
        parameterTypes,
      };
      const output = { describe: false, formats: bind.resultFormats };
      if (isInSeries && session.transaction.status === "idle") session.transaction.begin("", false);
      const statement = { run, normalized: shared.normalized, output, bound: { shared, bind }, isInSeries, isLast };
      if (rowLimit === 0) {
        client.write(await runStatement(session, statement, plan));
        return;
      }
      const held = new HeldPortal();
      const completion = await runStatement(session, { ...statement, taker: held }, plan);
      portal.held = held.finish(completion);
    }
    const { rows, completion } = HeldPortal.take(portal.held, rowLimit);
    client.write(rows);
    client.write(completion ?? portalSuspended);
  }

  #statement(name: string): Prepared {
    const prepared = this.statements.get(name);
    if (prepared !== undefined) return prepared;
    const message =
      name === "" ? "unnamed prepared statement does not exist" : `prepared statement "${name}" does not exist`;
    throw new SqlError({ code: "26000", message });
  }

  #portal(name: string): Portal {
    const portal = this.#portals.get(name);
    if (portal !== undefined) return portal;
    throw new SqlError({ code: "34000", message: `portal "${name}" does not exist` });
  }
}
