// What `shardgres shards status` prints.
import { type LoggedDecision, type TabletStatus, writeTabletStatus } from "../agent-api/tablet-status.ts";
import { bytesText } from "../base/bytes-text.ts";
import type { Json } from "../base/json.ts";
import type { Cohort, Shard } from "../topology/snapshot.ts";
import type { ShardView, TabletView } from "./ask-tablets.ts";
import { isSound, shardProblems } from "./shard-problems.ts";
import { cohortText } from "./topology-report.ts";
import { wrapText } from "./wrap-text.ts";

/** `decisions`: how many to show for each shard, the last ones. */
export function shardsText(views: readonly ShardView[], { decisions }: { readonly decisions: number }): string {
  return `${views.map((view) => shardLines(view, decisions).join("\n")).join("\n\n")}\n`;
}

export function shardsJson(views: readonly ShardView[]): string {
  const value = views.map((view): Json => {
    const { shard } = view;
    return {
      name: shard.name,
      term: shard.term,
      primary: shard.primary?.name ?? null,
      durability: shard.durability,
      cohort: cohortJson(shard.cohort),
      nextCohort: shard.nextCohort ? cohortJson(shard.nextCohort) : null,
      switchover: shard.switchover ? { to: shard.switchover.to } : null,
      isSound: isSound(view),
      problems: shardProblems(view),
      tablets: view.tablets.map(tabletJson),
    };
  });
  return `${JSON.stringify({ shards: value }, undefined, 2)}\n`;
}

function cohortJson({ standbys, acknowledgements }: Cohort): Json {
  return { standbys, acknowledgements };
}

function tabletJson(view: TabletView): Json {
  const { name, zone } = view.tablet;
  const known = { name, zone: zone ?? null };
  return view.kind === "answers"
    ? { ...known, answers: true, status: writeTabletStatus(view.status) }
    : { ...known, answers: false, problem: view.problem };
}

function shardLines(view: ShardView, decisions: number): string[] {
  const { shard, tablets } = view;
  const width = Math.max(0, ...tablets.map(({ tablet }) => tablet.name.length));
  const lines = decisionLines(tablets, decisions, width);
  return [
    shard.name,
    ...wrapText(shardFacts(shard), { start: "  " }),
    ...shardProblems(view).flatMap((problem) => wrapText(problem, { start: "  problem: " })),
    ...tablets.flatMap((each) => tabletLines(view, each, width)),
    ...(lines.length > 0 ? ["  decisions (UTC)", ...lines] : []),
  ];
}

function shardFacts({ term, primary, durability, cohort, nextCohort, switchover }: Shard): string {
  const facts = [`term ${term}`, primary ? `primary ${primary.name}` : "no primary", `durability ${durability}`];
  const next = nextCohort ? ` or, while that changes, for ${cohortText(nextCohort)}` : "";
  if (cohort.acknowledgements > 0 || nextCohort) facts.push(`commits wait for ${cohortText(cohort)}${next}`);
  if (switchover) facts.push(`a switchover to ${switchover.to} is under way`);
  return facts.join(", ");
}

function tabletLines(shard: ShardView, view: TabletView, width: number): string[] {
  const name = `  ${view.tablet.name.padEnd(width)}  `;
  if (view.kind === "silent") return wrapText(`no answer: ${view.problem}`, { start: name });
  const { status } = view;
  const { role, ready, activity } = status;
  const start = `${name}${(role === "none" ? "no data" : role).padEnd(8)}  `;
  const below = " ".repeat(start.length);
  return [
    ...wrapText(tabletFacts(shard, status).join(", "), { start }),
    ...(ready.isGood ? [] : wrapText(`not ready: ${ready.reason}`, { start: below })),
    ...(activity === undefined ? [] : wrapText(activity, { start: below })),
  ];
}

function tabletFacts({ shard, tablets }: ShardView, status: TabletStatus): string[] {
  const { name, role, term, isWhole, follows, lagBytes, lagMs, lease, freeDiskBytes, topologyAgeMs, settings } = status;
  const primary = tablets.find(({ tablet }) => tablet.name === shard.primary?.name);
  const synchronous = primary?.kind === "answers" ? primary.status.synchronous : undefined;
  const facts = [term === undefined ? "term unknown" : `term ${term}`];
  if (synchronous?.standbys.includes(name)) facts.push("synchronous");
  if (role === "standby") {
    if (!follows) facts.push("follows nobody");
    else if (follows.primary !== shard.primary?.name) facts.push(`follows ${follows.primary}`);
    if (lagBytes !== undefined) {
      const since = lagMs === undefined || lagMs < 1_000 ? "" : ` (${secondsText(lagMs)})`;
      facts.push(`${bytesText(lagBytes)} behind${since}`);
    }
  }
  if (!isWhole) facts.push("not whole");
  if (lease.kind === "mine") {
    facts.push(lease.remainingMs === undefined ? "has the lease" : `lease for ${secondsText(lease.remainingMs)}`);
  }
  const { restartPending = [] } = settings ?? {};
  if (restartPending.length > 0) facts.push(`restart pending for ${restartPending.join(", ")}`);
  if (freeDiskBytes !== undefined) facts.push(`${bytesText(freeDiskBytes)} free`);
  if (topologyAgeMs !== undefined && topologyAgeMs >= oldTopologyMs) {
    facts.push(`topology not confirmed for ${secondsText(topologyAgeMs)}`);
  }
  return facts;
}

/** The store confirms it every few seconds. */
const oldTopologyMs = 10_000;

/** Those of all tablets in one story. That there was nothing to be done is left out. */
function decisionLines(tablets: readonly TabletView[], most: number, width: number): string[] {
  const found = tablets
    .flatMap((each) =>
      each.kind === "answers" ? each.status.decisions.map((decision) => ({ name: each.tablet.name, decision })) : [],
    )
    .filter(({ decision }) => decision.decision !== "wait")
    .sort((a, b) => Date.parse(a.decision.at) - Date.parse(b.decision.at));
  return found
    .slice(Math.max(0, found.length - most))
    .flatMap(({ name, decision }) =>
      wrapText(decisionText(decision), { start: `    ${timeText(decision.at)}  ${name.padEnd(width)}  ` }),
    );
}

function decisionText({ decision, reason, times }: LoggedDecision): string {
  return `${decision}: ${reason}${times === 1 ? "" : ` (${times} times)`}`;
}

/** "11-28 19:00:31" */
function timeText(at: string): string {
  return new Date(at).toISOString().slice(5, 19).replace("T", " ");
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
