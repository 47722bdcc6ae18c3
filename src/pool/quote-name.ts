// Names of settings: one or several identifiers with dots between ("shardgres.hold_timeout").

export function quoteName(name: string): string {
  return name
    .split(".")
    .map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join(".");
}
