// Settings that came with the startup packet, or through set_config: strings as a server would read them from a client,
// turned into what may stand after `SET name TO`.

import { keptByGateway } from "../src/base/kept-by-gateway.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import { refuse } from "../src/planner/refuse.ts";
import { quoteIdentifier, quoteLiteral } from "../src/sql/names.ts";
import { checkKept } from "./kept-settings.ts";
import { splitIdentifiers } from "./search-path.ts";
import { unquoted } from "./time-limits.ts";

/** Settings whose value is a list of names: as one string it would be one name (GUC_LIST_QUOTE). */
const nameLists = new Set([
  "search_path",
  "temp_tablespaces",
  "local_preload_libraries",
  "session_preload_libraries",
  "unix_socket_directories",
]);

/** SQL text for `SET name TO ...`. */
export function settingValueSql(name: string, value: string): string {
  if (!nameLists.has(name)) return quoteLiteral(value);
  const names = splitIdentifiers(value);
  return names.length === 0 ? "''" : names.map(quoteIdentifier).join(", ");
}

/** Parameters that are not settings. */
const notSettings = new Set(["user", "database", "replication", "options"]);

/** Everything in the startup packet that is a setting, with `options` taken apart. */
export function startupSettings(parameters: ReadonlyMap<string, string>): Map<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of optionSettings(parameters.get("options") ?? "")) {
    settings.set(name, settingValueSql(name, value));
  }
  for (const [given, value] of parameters) {
    const name = given.toLowerCase();
    if (!notSettings.has(name) && !name.startsWith("_pq_.")) settings.set(name, settingValueSql(name, value));
  }
  for (const [name, value] of settings) {
    checkSetting(name, value);
    if (keptByGateway.has(name)) checkKept(name, unquoted(value));
  }
  return settings;
}

/** The gateway reads what clients send: text in UTF-8, strings as the standard says. `value` undefined: RESET. */
export function checkSetting(name: string, value: string | undefined): void {
  const plain = (value ?? "").replaceAll(/['"\s]/g, "").toLowerCase();
  if (value === undefined || plain === "default") return;
  if (name === "standard_conforming_strings" && !["on", "true", "yes", "1", "t", "y"].includes(plain)) {
    throw refuse("SG080");
  }
  if (name === "client_encoding" && !["utf8", "utf-8", "unicode", "sql_ascii"].includes(plain)) throw refuse("SG081");
}

/** `-c name=value` and `--name=value`, separated by blanks; a backslash keeps the next character (pg_split_opts). */
function optionSettings(options: string): [string, string][] {
  const words = [...options.matchAll(/(?:\\.|[^\s\\])+/gs)].map(([word]) => word.replace(/\\(.)/gs, "$1"));
  const settings: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!;
    if (word === "-c") word = words[++i] ?? "";
    else if (word.startsWith("-c")) word = word.slice(2);
    else if (word.startsWith("--")) word = word.slice(2);
    else throw invalidOption(word);
    const equals = word.indexOf("=");
    if (equals <= 0) throw invalidOption(word);
    settings.push([word.slice(0, equals).replaceAll("-", "_").toLowerCase(), word.slice(equals + 1)]);
  }
  return settings;
}

function invalidOption(word: string): SqlError {
  return new SqlError({
    severity: "FATAL",
    code: "42601",
    message: `invalid command-line argument for server process: ${word}`,
    hint: "Use -c name=value.",
  });
}
