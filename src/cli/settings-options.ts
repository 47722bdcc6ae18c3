// The options of `shardgres settings`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { type ClusterPlace, placeHelp, placeOf, placeOptions } from "./place-options.ts";
import { understand } from "./understand-options.ts";

export type SettingsOptions = { readonly place: ClusterPlace } & (
  | { readonly kind: "show"; readonly json: boolean }
  | { readonly kind: "set"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "reset"; readonly names: readonly string[] }
);

export const settingsHelp = `Usage: shardgres settings show [--json] [options]
       shardgres settings set NAME=VALUE... [options]
       shardgres settings reset NAME... [options]

Settings of PostgreSQL that all tablets of all shards have. The tablets' agents
put them in force: at once where that is possible. What counts from PostgreSQL's
next start on is put in force by restarts: one standby after the other, then the
primary, whose clients wait for a moment. "shardgres shards status" says which
restarts are pending, and what a PostgreSQL has refused.

show      the settings that have been chosen
set       chooses settings: as they would stand in postgresql.conf, without
          quotes
reset     gives settings back their defaults

Options:
  --json            print them as JSON
${placeHelp}  --help            print this

Examples:
  shardgres settings set work_mem=16MB max_connections=500
  shardgres settings set log_min_duration_statement='250 ms'
`;

/** Throws UsageError. */
export function parseSettingsOptions([kind, ...args]: readonly string[]): SettingsOptions {
  const flag = { type: "boolean" } as const;
  const options = { ...placeOptions, help: flag };
  switch (kind) {
    case "show": {
      const { values } = understand(() => parseArgs({ args, options: { ...options, json: flag } }));
      return { kind, place: placeOf(values), json: values.json ?? false };
    }
    case "set": {
      const { values, positionals } = understand(() => parseArgs({ args, options, allowPositionals: true }));
      if (positionals.length === 0) throw new UsageError("which settings? NAME=VALUE");
      return { kind, place: placeOf(values), values: assignments(positionals) };
    }
    case "reset": {
      const { values, positionals } = understand(() => parseArgs({ args, options, allowPositionals: true }));
      if (positionals.length === 0) throw new UsageError("which settings? NAME");
      return { kind, place: placeOf(values), names: positionals.map((name) => name.toLowerCase()) };
    }
    default:
      throw new UsageError(kind === undefined ? "show, set or reset?" : `there is no "settings ${kind}"`);
  }
}

function assignments(texts: readonly string[]): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`"${text}" is not NAME=VALUE`);
    const name = text.slice(0, at).trim().toLowerCase();
    if (Object.hasOwn(chosen, name)) throw new UsageError(`${name} is given twice`);
    chosen[name] = text.slice(at + 1).trim();
  }
  return chosen;
}
