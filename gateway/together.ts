// A series of extended messages that may all be for the same shard, as it will go there: names replaced, nothing else.
import { unreachable } from "../src/base/assert.ts";
import type { StatementRun } from "../src/executor/execution.ts";
import { singleShardOf } from "../src/executor/resolve-target.ts";
import type { NeededStatement } from "../src/pgclient/server-connection.ts";
import {
  bindMessage,
  closeMessage,
  describeMessage,
  parseTextMessage,
  syncMessage,
} from "../src/pgwire/frontend-encode.ts";
import type { BindMessage, ParseMessage, TargetMessage } from "../src/pgwire/frontend-message.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import type { Step } from "./extended-step.ts";
import { checkNewName, checkParameterCount, needsTypes, planned } from "./planned.ts";
import type { Portal, Prepared } from "./prepared.ts";
import { isPlain } from "./send-to-shard.ts";
import type { Session } from "./session.ts";
import type { SharedStatement } from "./shared-statements.ts";

export class Together {
  readonly #session: Session;
  readonly #statements: Map<string, Prepared>;
  readonly #portals: Map<string, Portal>;
  readonly #newStatements = new Map<string, Prepared>();
  readonly #newPortals = new Map<string, Portal>();
  readonly #closedStatements = new Set<string>();
  readonly #closedPortals = new Set<string>();
  readonly #pieces: Buffer[] = [];
  readonly #needs: NeededStatement[] = [];
  /** Parse messages of the unnamed statement, among the pieces. */
  readonly #unnamed = new Map<Buffer, SharedStatement>();
  /** The Parse of the unnamed statement is part of the series, so Bind may use it under its own name. */
  #hasOwnUnnamed = false;
  /** Something other than Parse has been added: from here on no Parse of a named statement fits. */
  #isBeyondParse = false;
  shard: ShardName | undefined;
  readOnly = true;
  /** The statement that the series describes: the only RowDescription of the answer is its. */
  described: Prepared | undefined;
  #describesPortal = false;
  /** Of the statements that are to be executed. */
  readonly texts: string[] = [];

  constructor(session: Session, statements: Map<string, Prepared>, portals: Map<string, Portal>) {
    this.#session = session;
    this.#statements = statements;
    this.#portals = portals;
  }

  /** False: the series cannot go to one shard as a whole. */
  add(step: Step): boolean {
    switch (step.kind) {
      case "parse":
        return this.#parse(step.message, step.bytes);
      case "bind":
        this.#isBeyondParse = true;
        return this.#bind(step.message, step.bytes);
      case "describe":
        this.#isBeyondParse = true;
        return this.#describe(step.message, step.bytes);
      case "close":
        this.#isBeyondParse = true;
        if (step.message.kind === "statement") {
          this.#closedStatements.add(step.message.name);
          this.#newStatements.delete(step.message.name);
          // Shared statements stay; the shard says "closed" of one that it does not have.
          this.#pieces.push(closeMessage("statement", "shardgres_none"));
        } else {
          this.#closedPortals.add(step.message.name);
          this.#pieces.push(step.bytes);
        }
        return true;
      case "execute": {
        this.#isBeyondParse = true;
        const portal = this.#newPortals.get(step.portal) ?? this.#portals.get(step.portal);
        if (portal?.shard === undefined || !this.#goesTo(portal.shard)) return false;
        this.#pieces.push(step.bytes);
        return true;
      }
      default:
        return unreachable(step);
    }
  }

  #parse({ statement, text, parameterTypes }: ParseMessage, bytes: Buffer): boolean {
    checkNewName(this.#statements, statement);
    const shared = this.#session.gateway.statements.get(text, parameterTypes);
    const { plan } = planned(this.#session, shared);
    if (plan === undefined || !isPlain(plan)) return false;
    this.#newStatements.set(statement, { shared, isUncertain: false });
    if (statement === "") {
      this.#unnamed.set(bytes, shared);
      this.#pieces.push(bytes);
      this.#hasOwnUnnamed = true;
      return true;
    }
    if (this.#isBeyondParse || this.#pieces.length > 0) return false;
    this.#needs.push({ name: shared.name, parse: shared.parse, isAnswered: true });
    return true;
  }

  #bind(message: BindMessage, bytes: Buffer): boolean {
    const prepared = this.#prepared(message.statement);
    if (prepared === undefined) return false;
    const { shared } = prepared;
    const { plan, parameterTypes } = planned(this.#session, shared);
    if (plan === undefined || !isPlain(plan)) return false;
    checkParameterCount(prepared, message);
    if (prepared.told !== undefined && prepared.told.catalogVersion !== this.#session.catalog.version) return false;
    if (needsTypes(message, parameterTypes, plan)) return false;
    const run: StatementRun = {
      text: shared.text,
      offset: 0,
      literals: shared.normalized?.literals ?? [],
      parameters: message.parameters,
      parameterTypes,
    };
    const { topology, transaction } = this.#session;
    const used = this.shard === undefined ? transaction.participants.keys() : [this.shard];
    const shard = singleShardOf(plan.targets, topology, run, used);
    if (shard === undefined || !this.#goesTo(shard)) return false;
    if (!plan.readOnly) this.readOnly = false;
    this.texts.push(shared.text);
    this.#newPortals.set(message.portal, { prepared, bind: message, shard, held: undefined });
    if (message.statement === "" && this.#hasOwnUnnamed) {
      this.#pieces.push(bytes);
    } else {
      this.#need(shared);
      this.#pieces.push(bindMessage(message.portal, shared.name, message.rest));
    }
    return true;
  }

  #describe({ kind, name }: TargetMessage, bytes: Buffer): boolean {
    if (kind === "portal") {
      if (this.described !== undefined) return false;
      this.#describesPortal = true;
      const portal = this.#newPortals.get(name) ?? this.#portals.get(name);
      if (portal?.shard === undefined || !this.#goesTo(portal.shard)) return false;
      this.#pieces.push(bytes);
      return true;
    }
    const prepared = this.#prepared(name);
    if (prepared === undefined || this.described !== undefined || this.#describesPortal) return false;
    const { plan } = planned(this.#session, prepared.shared);
    if (plan === undefined || !isPlain(plan)) return false;
    this.described = prepared;
    if (name === "" && this.#hasOwnUnnamed) {
      this.#pieces.push(bytes);
    } else {
      this.#need(prepared.shared);
      this.#pieces.push(describeMessage("statement", prepared.shared.name));
    }
    return true;
  }

  #prepared(name: string): Prepared | undefined {
    if (this.#closedStatements.has(name)) return undefined;
    return this.#newStatements.get(name) ?? this.#statements.get(name);
  }

  #need(shared: SharedStatement): void {
    if (!this.#needs.some(({ name }) => name === shared.name)) this.#needs.push(shared);
  }

  #goesTo(shard: ShardName): boolean {
    this.shard ??= shard;
    return this.shard === shard;
  }

  /** As it goes to this shard: there the types that the client has declared may have other object ids. */
  finish(shard: ShardName): { readonly bytes: readonly Buffer[]; readonly needs: readonly NeededStatement[] } {
    const { userTypes } = this.#session.database;
    if (!userTypes.differAt(shard)) return { bytes: [...this.#pieces, syncMessage], needs: this.#needs };
    const parseAt = (name: string, { text, declaredTypes }: SharedStatement) =>
      parseTextMessage(
        name,
        text,
        declaredTypes.map((typeOid) => userTypes.toShard(shard, typeOid)),
      );
    const bytes = this.#pieces.map((piece) => {
      const shared = this.#unnamed.get(piece);
      return shared === undefined ? piece : parseAt("", shared);
    });
    const needs = this.#needs.map((need) => {
      const shared = this.#session.gateway.statements.named(need.name);
      return shared === undefined ? need : { ...need, name: need.name, parse: parseAt(need.name, shared) };
    });
    return { bytes: [...bytes, syncMessage], needs };
  }

  /** Makes the new names the session's. Returns the statements that may not exist if the series fails. */
  commit(isInTransaction: boolean): Prepared[] {
    for (const name of this.#closedStatements) this.#statements.delete(name);
    for (const [name, prepared] of this.#newStatements) this.#statements.set(name, prepared);
    if (isInTransaction) {
      for (const name of this.#closedPortals) this.#portals.delete(name);
      for (const [name, portal] of this.#newPortals) this.#portals.set(name, portal);
    }
    return [...this.#newStatements.values()];
  }
}
