// Walks over levels and the sources in them.
import type { Level, TableSource } from "../analysis/model.ts";

/** The level itself and all below it. */
export function* levelsWithin(level: Level): Generator<Level> {
  yield level;
  for (const source of level.sources) if (source.kind === "subquery") yield* levelsWithin(source.body);
  for (const sublink of level.sublinks) yield* levelsWithin(sublink.body);
  for (const below of [...level.branches, ...level.writes]) yield* levelsWithin(below);
}

export function* tablesWithin(level: Level): Generator<TableSource> {
  for (const each of levelsWithin(level)) for (const source of each.sources) if (source.kind === "table") yield source;
}
