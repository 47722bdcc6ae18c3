// The columns of a level that the clauses above its FROM and WHERE need, as columns of an input.
import type { Node } from "@pgsql/types";
import { oid } from "../../pgwire/oid.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { Level } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";
import type { Gathering, InputColumn } from "./gathering.ts";
import { lostByExpression, nothingLost } from "./lost-on-the-way.ts";
import { column, target } from "./nodes.ts";

/** Types for which PostgreSQL has equality. */
const comparable: ReadonlySet<number> = new Set(
  Object.values(oid).filter((each) => each !== oid.json && each !== oid.xml),
);

export class NeededColumns {
  readonly #gathering: Gathering;
  readonly #level: Level;
  readonly #columns = new Map<Variable, { readonly name: string; readonly node: Node }>();
  /** Something is used that cannot be such a column. */
  isImpossible = false;

  constructor(gathering: Gathering, level: Level) {
    this.#gathering = gathering;
    this.#level = level;
  }

  /** For `rewrite`: a reference to a column of the level becomes one to the input's. */
  replace(node: Node): Node | undefined {
    const reference = nodeOf(node, "ColumnRef");
    const resolution = reference && this.#gathering.analysis.resolutions.get(reference);
    // A name of an output.
    if (resolution === undefined) return undefined;
    if (resolution.kind === "unknown") this.isImpossible = true;
    if (!("level" in resolution) || resolution.level !== this.#level) return undefined;
    if (resolution.kind === "column") return column(this.nameOf(resolution.variable, node));
    this.isImpossible = true;
    return undefined;
  }

  nameOf(variable: Variable, node: Node): string {
    const known = this.#columns.get(variable);
    if (known !== undefined) return known.name;
    const name = `${this.#gathering.prefix}c${this.#columns.size + 1}`;
    this.#columns.set(variable, { name, node });
    return name;
  }

  variables(): Iterable<[Variable, string]> {
    return [...this.#columns].map(([variable, { name }]) => [variable, name]);
  }

  /** The select list of the input; at least one column. */
  list(): { columns: InputColumn[]; targets: Node[] } {
    const { input, analysis, prefix } = this.#gathering;
    const columns: InputColumn[] = [];
    const targets: Node[] = [];
    for (const { name, node } of this.#columns.values()) {
      const lost = lostByExpression(input, analysis, node);
      this.isImpossible ||= lost === undefined;
      columns.push({ name, lost: lost ?? nothingLost });
      targets.push(target(node));
    }
    if (columns.length > 0) return { columns, targets };
    const anything = target({ A_Const: { boolval: { boolval: true } } });
    return { columns: [{ name: `${prefix}c1`, lost: nothingLost }], targets: [anything] };
  }

  areComparable(): boolean {
    return [...this.#columns.keys()].every(({ typeOid }) => typeOid !== undefined && comparable.has(typeOid));
  }
}
