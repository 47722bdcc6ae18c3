// The document `shards/<name>`: primary and term of one shard, its tablets, and who must acknowledge its commits. It is
// one document because these change together: a new primary, its term and its cohort are one write.
import type { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import { type Fields, fieldsOf } from "./document-fields.ts";
import { shardName, shardPrefix } from "./documents.ts";
import { type Cohort, noCohort, type Shard, type Switchover, type Tablet } from "./snapshot.ts";

/**
 * 1 (without the field) had a primary with its address and nothing else; 2 has tablets, cohort and durability. What is
 * read as 1 is written as 2 at its next change.
 */
const newest = 2;
const policies = ["none", "one", "majority", "zone"] as const;

/** Throws AppError "invalid-document" or "newer-format". */
export function readShard(key: string, value: Json): Shard {
  const name = shardName(key.slice(shardPrefix.length));
  const fields = fieldsOf(key, value);
  const format = fields.optionalFormat(newest);
  const ordinal = fields.integer("ordinal", 0);
  if (ordinal > 65534) throw fields.invalid("ordinal", "is above 65534");
  const term = fields.integer("term", 0);
  const rest = format === 1 ? readFirstFormat(fields) : readTablets(fields);
  fields.end();
  return { name, ordinal, term, ...rest };
}

export function writeShard(shard: Shard): Json {
  const { ordinal, term, durability, primary, tablets, cohort, nextCohort, switchover } = shard;
  return {
    format: newest,
    ordinal,
    term,
    durability,
    ...(primary && { primary: primary.name }),
    tablets: Object.fromEntries(tablets.map((tablet) => [tablet.name, writeTablet(tablet)])),
    ...(cohort.standbys.length > 0 && { cohort: writeCohort(cohort) }),
    ...(nextCohort && { nextCohort: writeCohort(nextCohort) }),
    ...(switchover && { switchover: { to: switchover.to } }),
  };
}

/** A thousand shards must fit into one ConfigMap, so a host that both have in common is written once. */
function writeTablet({ address: { host, port }, agent, zone }: Tablet): Json {
  const own = agent && { ...(agent.host !== host && { host: agent.host }), port: agent.port };
  return { host, port, ...(own && { agent: own }), ...(zone && { zone }) };
}

type Rest = Omit<Shard, "name" | "ordinal" | "term">;

function readFirstFormat(fields: Fields): Rest {
  const found = fields.optional("primary");
  const primary = found && { name: found.text("name"), address: readAddress(found.object("address")) };
  found?.end();
  const tablets = primary ? [primary] : [];
  return { primary, tablets, durability: "none", cohort: noCohort, nextCohort: undefined };
}

function readTablets(fields: Fields): Rest {
  const tablets = fields.each("tablets").map(([name, tablet]) => readTablet(name, tablet));
  const primaryName = fields.optionalText("primary");
  const primary = tablets.find(({ name }) => name === primaryName);
  if (primaryName !== undefined && !primary) throw fields.invalid("primary", `"${primaryName}" is none of the tablets`);
  const durability = fields.oneOf("durability", policies);
  const cohorts = [fields.optional("cohort"), fields.optional("nextCohort")].map(
    (cohort) => cohort && readCohort(cohort),
  );
  for (const [i, field] of ["cohort", "nextCohort"].entries()) {
    const refuse = (problem: string) => fields.invalid(field, problem);
    if (cohorts[i]) checkCohort(cohorts[i], primary, tablets, refuse);
  }
  const switchover = readSwitchover(fields, tablets);
  const rest = { primary, tablets, durability, cohort: cohorts[0] ?? noCohort, nextCohort: cohorts[1] };
  return { ...rest, ...(switchover && { switchover }) };
}

function readTablet(name: string, fields: Fields): Tablet {
  const zone = fields.optionalText("zone");
  const agentFields = fields.optional("agent");
  const agent = agentFields && { host: agentFields.optionalText("host"), port: readPort(agentFields) };
  agentFields?.end();
  const address = readAddress(fields);
  return {
    name,
    address,
    ...(agent && { agent: { host: agent.host ?? address.host, port: agent.port } }),
    ...(zone !== undefined && { zone }),
  };
}

function readSwitchover(fields: Fields, tablets: readonly Tablet[]): Switchover | undefined {
  const found = fields.optional("switchover");
  if (!found) return undefined;
  const to = found.text("to");
  found.end();
  if (!tablets.some(({ name }) => name === to)) throw found.invalid("to", `"${to}" is none of the tablets`);
  return { to };
}

function readAddress(fields: Fields): Tablet["address"] {
  const address = { host: fields.text("host"), port: readPort(fields) };
  fields.end();
  return address;
}

function readPort(fields: Fields): number {
  const port = fields.integer("port", 1);
  if (port > 65535) throw fields.invalid("port", "is above 65535");
  return port;
}

function readCohort(fields: Fields): Cohort {
  const cohort = { standbys: fields.texts("standbys"), acknowledgements: fields.integer("acknowledgements", 0) };
  fields.end();
  return cohort;
}

function writeCohort({ standbys, acknowledgements }: Cohort): Json {
  return { standbys, acknowledgements };
}

/** A cohort that no primary could have: nobody may draw conclusions from it. */
function checkCohort(
  { standbys, acknowledgements }: Cohort,
  primary: Tablet | undefined,
  tablets: readonly Tablet[],
  refuse: (problem: string) => AppError,
): void {
  const stranger = standbys.find((standby) => !tablets.some(({ name }) => name === standby));
  if (stranger !== undefined) throw refuse(`names "${stranger}", which is none of the tablets`);
  if (new Set(standbys).size < standbys.length) throw refuse("names a standby twice");
  if (primary && standbys.includes(primary.name))
    throw refuse(`names the primary "${primary.name}" as its own standby`);
  if (acknowledgements > standbys.length) {
    throw refuse(`asks for ${acknowledgements} acknowledgements of ${standbys.length} standbys`);
  }
}
