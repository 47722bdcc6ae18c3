// What is wrong with a shard, as its topology and its agents have it: a sentence for each. Pure. What a tablet says of its
// own health stands with the tablet.
import type { Shard } from "../topology/snapshot.ts";
import type { ShardView, TabletView } from "./ask-tablets.ts";

export function shardProblems(view: ShardView): string[] {
  return [
    ...primaryProblems(view),
    ...otherPrimaries(view),
    ...durabilityProblems(view.shard),
    ...acknowledgementProblems(view),
    ...settingsProblems(view),
  ];
}

/** Whether all is as it should be: no problem, and every tablet is ready. */
export function isSound(view: ShardView): boolean {
  const isReady = (each: TabletView) => each.kind === "answers" && each.status.ready.isGood;
  return shardProblems(view).length === 0 && view.tablets.every(isReady);
}

function primaryProblems({ shard, tablets }: ShardView): string[] {
  const { primary, term } = shard;
  if (!primary) return ["it has no primary"];
  const found = tablets.find(({ tablet }) => tablet.name === primary.name);
  if (found?.kind !== "answers") return [`its primary, ${primary.name}, does not answer`];
  const { role, term: ownTerm } = found.status;
  if (role !== "primary") return [`${primary.name} is to be primary of term ${term}, and is ${roleText(role)}`];
  if (ownTerm !== undefined && ownTerm !== term) {
    return [`${primary.name} is primary of term ${ownTerm}, and the topology says of term ${term}`];
  }
  return [];
}

function otherPrimaries({ shard, tablets }: ShardView): string[] {
  return tablets.flatMap((each) => {
    if (each.kind !== "answers" || each.status.role !== "primary") return [];
    const { name, term } = each.status;
    if (name === shard.primary?.name) return [];
    return [`${name} runs as primary${term === undefined ? "" : ` of term ${term}`}, and is not named as such`];
  });
}

/** Commits that do not wait although they should: the standbys that they should wait for have never been there. */
function durabilityProblems({ durability, tablets, cohort, primary }: Shard): string[] {
  const isMajorityAlone = durability === "majority" && tablets.length < 2;
  if (!primary || durability === "none" || isMajorityAlone || cohort.acknowledgements > 0) return [];
  const missing = durability === "zone" ? "standby of another zone" : "standby";
  return [`commits wait for nobody: no ${missing} has joined yet, and durability is ${durability}`];
}

/** Commits that wait for more standbys than there are. */
function acknowledgementProblems({ shard, tablets }: ShardView): string[] {
  const primary = tablets.find(({ tablet }) => tablet.name === shard.primary?.name);
  if (primary?.kind !== "answers" || primary.status.role !== "primary") return [];
  const { synchronous, standbys } = primary.status;
  if (!synchronous || synchronous.acknowledgements === 0) return [];
  const isThere = (name: string) => standbys.some((each) => each.name === name && each.state === "streaming");
  const there = synchronous.standbys.filter(isThere);
  if (there.length >= synchronous.acknowledgements) return [];
  const { acknowledgements } = synchronous;
  const wanted = `${acknowledgements} of ${synchronous.standbys.join(", ")}`;
  return [`commits wait: they need ${wanted}, and ${there.length === 0 ? "none" : there.join(", ")} is connected`];
}

function settingsProblems({ tablets }: ShardView): string[] {
  return tablets.flatMap((each) => {
    const refused = each.kind === "answers" ? each.status.settings?.refused : undefined;
    return refused === undefined ? [] : [`${each.tablet.name} goes on with the settings of before: ${refused}`];
  });
}

/** As it stands in a sentence. */
export function roleText(role: string): string {
  return role === "none" ? "without data" : role === "standby" ? "a standby" : role === "primary" ? "primary" : role;
}
