// What this tablet says of itself to others.
import type { TabletAnswer, TabletRole } from "../src/agent-api/tablet-answer.ts";
import type { TabletPostgres } from "./tablet-postgres.ts";
import { finalWal } from "./view.ts";

export function ownAnswer(name: string, postgres: TabletPostgres, freeBytes: number | undefined): TabletAnswer {
  const { watch, follows, state, hasData, settings } = postgres;
  const { pledge, isWhole } = state.state;
  const last = watch.last();
  const wal = finalWal(postgres);
  return {
    name,
    pledge,
    isWhole: isWhole && hasData,
    role: roleOf(postgres),
    ...(wal && { wal: { term: wal.term, lsn: wal.lsn } }),
    ...(last && {
      term: last.term,
      lsn: last.lsn,
      timeline: last.timeline,
      terms: last.terms,
      systemIdentifier: last.systemIdentifier,
    }),
    ...(follows && { follows }),
    settings: {
      ...settings.inForce(),
      ...(last && { room: last.room }),
      ...(settings.restarts !== undefined && { restarts: settings.restarts }),
    },
    ...(freeBytes !== undefined && { freeDiskBytes: freeBytes }),
  };
}

function roleOf({ hasData, server, watch, actions }: TabletPostgres): TabletRole {
  if (!hasData) return "none";
  if (server.process.kind === "stopped") return "stopped";
  const isBecomingPrimary = actions.running === "promote" || actions.running === "start-primary";
  return isBecomingPrimary ? "starting" : (watch.last()?.role ?? "starting");
}
