// The settings of a session as one immutable value, so that they can be given to whichever connection serves it next.
import { keptByGateway, unknownToShards } from "../base/kept-by-gateway.ts";
import { quoteName } from "./quote-name.ts";

/** Lower-case name -> SQL text as it stands after `SET name TO`. */
type Entries = ReadonlyMap<string, string>;

export class SessionSettings {
  static readonly none = new SessionSettings(new Map());

  readonly entries: Entries;
  /** Equal for settings that are equal to the shards. */
  readonly key: string;

  private constructor(entries: Entries) {
    this.entries = entries;
    this.key = [...entries]
      .filter(([name]) => !unknownToShards.has(name))
      .map(([name, value]) => `${name}=${atShards(name, value)}`)
      .sort()
      .join("\n");
  }

  static of(entries: Iterable<readonly [string, string]>): SessionSettings {
    const map = new Map(entries);
    return map.size === 0 ? SessionSettings.none : new SessionSettings(map);
  }

  /** `value` undefined: back to the server's default. */
  with(name: string, value: string | undefined): SessionSettings {
    const entries = new Map(this.entries);
    if (value === undefined) entries.delete(name);
    else entries.set(name, value);
    // As in PostgreSQL: who becomes another user has not taken a role yet.
    if (name === "session authorization") entries.delete("role");
    return SessionSettings.of(entries);
  }

  get(name: string): string | undefined {
    return this.entries.get(name);
  }
}

/** The value that a shard is given. */
function atShards(name: string, value: string): string {
  return keptByGateway.has(name) ? "0" : value;
}

/** The statement that sets one setting; `value` undefined resets it. */
export function settingSql(name: string, value: string | undefined, scope: "SESSION" | "LOCAL" = "SESSION"): string {
  if (name === "session authorization") {
    return value === undefined ? "RESET SESSION AUTHORIZATION" : `SET ${scope} SESSION AUTHORIZATION ${value}`;
  }
  if (name === "role") return value === undefined ? "RESET ROLE" : `SET ${scope} ROLE ${value}`;
  return value === undefined ? `RESET ${quoteName(name)}` : `SET ${scope} ${quoteName(name)} TO ${value}`;
}

/** Statements that turn a connection with the settings `from` into one with `to`; "" when there is nothing to do. */
export function settingsDifference(from: SessionSettings, to: SessionSettings): string {
  if (from.key === to.key) return "";
  const statements: string[] = [];
  const identity = (name: string) => name === "role" || name === "session authorization";
  // Whoever the session became must be left first and taken up last: settings are made with the login's own rights.
  const identityChanges = from.get("role") !== to.get("role") || isOther(from, to, "session authorization");
  if (identityChanges && from.get("role") !== undefined) statements.push("RESET ROLE");
  if (identityChanges && from.get("session authorization") !== undefined)
    statements.push("RESET SESSION AUTHORIZATION");
  for (const name of from.entries.keys()) {
    if (!identity(name) && !unknownToShards.has(name) && to.get(name) === undefined)
      statements.push(settingSql(name, undefined));
  }
  for (const [name, value] of to.entries) {
    if (identity(name) || unknownToShards.has(name)) continue;
    if (keptByGateway.has(name) ? from.get(name) !== undefined : from.get(name) === value) continue;
    statements.push(settingSql(name, atShards(name, value)));
  }
  if (identityChanges) {
    for (const name of ["session authorization", "role"]) {
      const value = to.get(name);
      if (value !== undefined) statements.push(settingSql(name, value));
    }
  }
  return statements.join("; ");
}

function isOther(from: SessionSettings, to: SessionSettings, name: string): boolean {
  return from.get(name) !== to.get(name);
}
