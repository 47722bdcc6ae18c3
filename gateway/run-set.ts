// SET, RESET and set_config: a shard says whether the value is right; the session remembers it, so that every connection
// it is given later has it too.

import { keptByGateway, unknownToShards } from "../src/base/kept-by-gateway.ts";
import { argumentText } from "../src/executor/argument-text.ts";
import { commandComplete } from "../src/pgwire/backend-message.ts";
import { noticeResponse } from "../src/pgwire/notice.ts";
import type { SetConfigPlan, SetPlan } from "../src/planner/plan.ts";
import { SessionSettings, settingSql, settingsDifference } from "../src/pool/session-settings.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { durabilityWarning, lowersDurability, withDurability } from "./commit-durability.ts";
import { forward } from "./forward.ts";
import { checkKept } from "./kept-settings.ts";
import type { Session } from "./session.ts";
import { checkSetting, settingValueSql } from "./startup-settings.ts";
import type { Statement } from "./statement.ts";
import { StatementLeases } from "./statement-leases.ts";
import { unquoted } from "./time-limits.ts";

/** Settings on which the meaning of names depends. */
const changesPath = new Set(["search_path", "role", "session authorization", "all"]);

/** SET .. TO DEFAULT says SET. */
const saysReset = /^(?:\s|--[^\n]*\n|\/\*.*?\*\/)*reset\b/is;

/** Resolves with CommandComplete. */
export async function runSet(session: Session, statement: Statement, plan: SetPlan): Promise<Buffer> {
  const completion = keptByGateway.has(plan.name)
    ? setKept(session, statement, plan)
    : await setAtShards(session, statement, withDurability(session, plan));
  session.limits.changed();
  return completion;
}

/** A time limit that is not the shards': see `keptByGateway`. */
function setKept(session: Session, { run }: Statement, { name, value, scope }: SetPlan): Buffer {
  if (value !== undefined) checkKept(name, unquoted(value));
  noteKept(session, name, value ?? session.startupSettings.get(name), scope);
  if (scope === "local" && session.transaction.status === "idle") {
    const message = "SET LOCAL can only be used in transaction blocks";
    session.client.write(noticeResponse("WARNING", "25P01", message));
  }
  return commandComplete(saysReset.test(run.text) ? "RESET" : "SET");
}

function noteKept(session: Session, name: string, value: string | undefined, scope: "session" | "local"): void {
  const { transaction } = session;
  if (transaction.status !== "idle") transaction.recordSetting(name, value, scope, undefined);
  else if (scope === "session") session.settings = session.settings.with(name, value);
}

async function setAtShards(session: Session, statement: Statement, plan: SetPlan): Promise<Buffer> {
  checkSetting(plan.name, plan.value);
  const { transaction } = session;
  const isReset = plan.value === undefined;
  const isSet = !saysReset.test(statement.run.text);
  // RESET means the value that the client's connection began with, which the shard does not know.
  const value = isReset && plan.name !== "all" ? session.startupSettings.get(plan.name) : plan.value;
  // RESET ALL takes a shard to its own defaults; those of the client come on top, in the same message, so that the client
  // hears of what is different in the end.
  const startupSql = settingsDifference(SessionSettings.none, session.startupSettings);
  const sql =
    plan.name === "all" && startupSql !== ""
      ? `RESET ALL; ${startupSql}`
      : isReset && value !== undefined
        ? settingSql(plan.name, value)
        : plan.sql;
  // By the simple protocol, whichever the client speaks: it takes several statements, and SET has no rows.
  const { normalized, output, isInSeries } = statement;
  const run = { ...statement.run, text: sql, parameters: undefined };
  const sent: Statement = { run, normalized, output, bound: undefined, isInSeries };
  const tag = (completion: Buffer) => (isReset ? commandComplete(isSet ? "SET" : "RESET") : completion);

  if (transaction.status === "idle") {
    const leases = new StatementLeases(session);
    try {
      const participant = await leases.participant(session.topology.home);
      const completion = await forward(session, participant, sent);
      if (plan.scope === "session" && plan.name !== "transaction") {
        session.settings = plan.name === "all" ? session.startupSettings : session.settings.with(plan.name, value);
        participant.lease.settings = session.settings;
        await notePath(session, participant, plan.name, true);
      }
      return tag(completion);
    } finally {
      leases.release();
    }
  }

  const first =
    transaction.participants.values().next().value ?? (await transaction.join(session.topology.home, "state"));
  const others = [...transaction.participants.values()].filter((participant) => participant !== first);
  const completion = await forward(session, first, sent);
  await Promise.all(others.map((other) => other.run(sql)));
  if (plan.name === "transaction") transaction.recordModes(plan.value ?? "", sql);
  else if (plan.name === "all") transaction.replaceSettings(session.startupSettings, sql);
  else transaction.recordSetting(plan.name, value, plan.scope, sql);
  await notePath(session, first, plan.name, plan.scope === "session");
  return tag(completion);
}

/** SELECT set_config(...): one shard answers, the others of the transaction are told by SET. */
export async function runSetConfig(session: Session, statement: Statement, plan: SetConfigPlan): Promise<Buffer> {
  const { transaction } = session;
  const settings = plan.settings.map((setting) => {
    const name = (argumentText(setting.name, statement.run) ?? "").toLowerCase();
    const text = argumentText(setting.value, statement.run);
    checkSetting(name, text ?? undefined);
    if (unknownToShards.has(name) && text !== null) checkKept(name, text ?? "");
    const local = (argumentText(setting.local, statement.run) ?? "").toLowerCase();
    return {
      name,
      value: text === null ? session.startupSettings.get(name) : settingValueSql(name, text),
      scope: ["t", "true", "1", "on", "y", "yes"].includes(local) ? ("local" as const) : ("session" as const),
    };
  });
  const leases = new StatementLeases(session);
  try {
    const isOpen = transaction.status === "open";
    const participant = isOpen
      ? (transaction.participants.values().next().value ?? (await transaction.join(session.topology.home, "state")))
      : await leases.participant(session.topology.home);
    const completion = await forward(session, participant, statement);
    for (const { name, value: given, scope } of settings) {
      const isTooLow = lowersDurability(session.topology, name, given);
      const value = isTooLow ? "'on'" : given;
      if (isTooLow) {
        await participant.run(settingSql(name, value, isOpen && scope === "local" ? "LOCAL" : "SESSION"));
        session.client.write(durabilityWarning());
      }
      if (keptByGateway.has(name)) {
        noteKept(session, name, value, scope);
        const atShards = unknownToShards.has(name) ? undefined : "0";
        await participant.run(settingSql(name, atShards, isOpen && scope === "local" ? "LOCAL" : "SESSION"));
      } else if (isOpen) {
        const sql = settingSql(name, value, scope === "local" ? "LOCAL" : "SESSION");
        for (const other of transaction.participants.values()) if (other !== participant) await other.run(sql);
        transaction.recordSetting(name, value, scope, sql);
      } else if (scope === "session") {
        session.settings = session.settings.with(name, value);
        participant.lease.settings = session.settings;
      }
      if (isOpen || scope === "session") await notePath(session, participant, name, scope === "session");
    }
    session.limits.changed();
    return completion;
  } finally {
    leases.release();
  }
}

/** Asks the shard what the names of statements mean from now on. */
async function notePath(session: Session, participant: Participant, name: string, isLasting: boolean): Promise<void> {
  if (!changesPath.has(name)) return;
  const path = await readPath(participant);
  session.setPath(path);
  if (isLasting && session.transaction.status === "idle") session.lastingPath = path;
  else if (isLasting) session.pathAfterCommit = path;
}

export async function readPath(participant: Participant): Promise<{ setting: string; role: string }> {
  const answer = await participant.queryText(
    "SELECT pg_catalog.current_setting('search_path') || E'\\n' || current_user",
  );
  const at = answer.lastIndexOf("\n");
  return { setting: answer.slice(0, at), role: answer.slice(at + 1) };
}
