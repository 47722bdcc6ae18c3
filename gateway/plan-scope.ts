// Whatever the plan of a text depends on besides the text and its parameters, as one string: part of every cache key.
import type { CatalogSnapshot } from "../src/catalog/snapshot.ts";

interface Parts {
  readonly catalog: CatalogSnapshot;
  /** Of the buckets' owners. */
  readonly generation: number;
  /** What makes commits wait for less is refused. */
  readonly areStandbysAwaited: boolean;
  /** Keys of the search path and of the temporary tables. */
  readonly path: string;
  readonly temporary: string;
}

/** Remembers the last one, since it is asked for with every statement. */
export class PlanScope {
  #parts: Parts | undefined;
  #text = "";

  of(
    catalog: CatalogSnapshot,
    generation: number,
    areStandbysAwaited: boolean,
    path: string,
    temporary: string,
  ): string {
    const known = this.#parts;
    const isSame =
      known !== undefined &&
      known.catalog === catalog &&
      known.generation === generation &&
      known.areStandbysAwaited === areStandbysAwaited &&
      known.path === path &&
      known.temporary === temporary;
    if (!isSame) {
      this.#parts = { catalog, generation, areStandbysAwaited, path, temporary };
      const place = `${generation}${areStandbysAwaited ? "!" : ""}`;
      this.#text = `${catalog.database}:${catalog.version}:${place}:${path}:${temporary}:`;
    }
    return this.#text;
  }
}
