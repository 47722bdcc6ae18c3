// Which names can be seen where, and what a column reference means: parse_relation.c and parse_expr.c of PostgreSQL in
// small. Where the columns of a source are not known, a name may be its, and the answer is "unknown" rather than a guess.
import type { ColumnRef, CommonTableExpr } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { Level, Resolution, Source, SourceColumn } from "./model.ts";
import { outputVariable, type Variable } from "./variable.ts";

export interface VisibleColumn {
  readonly name: string;
  readonly variable: Variable;
  /** How `*` would write it. */
  readonly reference: readonly string[];
  /** The columns of sources behind it: two for a merged column. */
  readonly origins: readonly { readonly source: Source; readonly column: SourceColumn }[];
}

/** What one item of FROM, or one join, makes visible. */
export interface NamespaceItem {
  readonly alias: string | undefined;
  /** Schema of a table without alias: it can be named with its schema. */
  readonly schema: string | undefined;
  readonly isRelationVisible: boolean;
  readonly areColumnsVisible: boolean;
  /** undefined: not known. */
  readonly columns: readonly VisibleColumn[] | undefined;
  /** undefined for joins. */
  readonly source: Source | undefined;
}

export interface CteBinding {
  readonly node: CommonTableExpr;
  /** Where its query is analyzed. */
  readonly scope: Scope;
  /** The analyzed statement, when it modifies data (it runs once, however often it is named). */
  readonly written: Level | undefined;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly level: Level | undefined;
  readonly items: readonly NamespaceItem[];
  readonly ctes: ReadonlyMap<string, CteBinding>;
}

const noCtes: ReadonlyMap<string, CteBinding> = new Map();
const noItems: readonly NamespaceItem[] = [];

export function scopeOfItems(parent: Scope | undefined, level: Level, items: readonly NamespaceItem[]): Scope {
  return { parent, level, items, ctes: noCtes };
}

export function scopeOfCtes(parent: Scope | undefined, ctes: ReadonlyMap<string, CteBinding>): Scope {
  return { parent, level: undefined, items: noItems, ctes };
}

export function findCte(scope: Scope | undefined, name: string): CteBinding | undefined {
  for (let at = scope; at !== undefined; at = at.parent) {
    const found = at.ctes.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const systemColumns = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]);

/** Also notes in the sources what is used of them. */
export function resolveColumn(scope: Scope, reference: ColumnRef): Resolution {
  const fields = reference.fields ?? [];
  const isStar = fields.length > 0 && nodeOf(fields.at(-1), "A_Star") !== undefined;
  const names = (isStar ? fields.slice(0, -1) : fields).map((field) => nodeOf(field, "String")?.sval ?? "");
  if (names.length === 0) return { kind: "star" };
  if (isStar) return resolveRow(scope, names, true);
  if (names.length === 1) return resolveBareName(scope, names[0]!);
  return resolveQualified(scope, names);
}

function resolveBareName(scope: Scope, name: string): Resolution {
  let isCertain = true;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.level === undefined) continue;
    const visible = at.items.filter((item) => item.areColumnsVisible);
    const found = visible.flatMap((item) => item.columns?.filter((column) => column.name === name) ?? []);
    for (const column of found) noteUse(column);
    if (found.length > 1) return { kind: "unknown" };
    const column = found[0];
    if (column !== undefined && isCertain) {
      return { kind: "column", variable: column.variable, source: column.origins[0]?.source, level: at.level };
    }
    if (visible.some((item) => item.columns === undefined)) isCertain = false;
  }
  if (!isCertain) return { kind: "unknown" };
  if (systemColumns.has(name)) return resolveSystemColumn(scope, undefined);
  // A table's name alone is its row.
  return resolveRow(scope, [name], false);
}

function resolveQualified(scope: Scope, names: readonly string[]): Resolution {
  const name = names.at(-1)!;
  const found = findItem(scope, names.slice(0, -1));
  // Not a table: a.b can be field b of the composite column a, which needs parentheses in PostgreSQL. An error, then.
  if (found === undefined) return { kind: "unknown" };
  const { item, level } = found;
  const column = item.columns?.find((each) => each.name === name);
  if (column !== undefined) {
    noteUse(column);
    return { kind: "column", variable: column.variable, source: column.origins[0]?.source, level };
  }
  if (item.source === undefined) return { kind: "unknown" };
  if (systemColumns.has(name)) return resolveSystemColumn(scope, item.source);
  if (item.columns === undefined) {
    return {
      kind: "column",
      variable: outputVariable(name, undefined, item.source.region),
      source: item.source,
      level,
    };
  }
  // t.f can be the function f of the row t.
  noteRow(item.source);
  return { kind: "row", source: item.source, isStar: false, level };
}

function resolveRow(scope: Scope, names: readonly string[], isStar: boolean): Resolution {
  const found = findItem(scope, names);
  if (found === undefined) return { kind: "unknown" };
  const { item, level } = found;
  if (item.source !== undefined) {
    item.source.uses.all = true;
    if (!isStar) noteRow(item.source);
  }
  for (const column of item.columns ?? []) noteUse(column);
  return { kind: "row", source: item.source, isStar, level };
}

function resolveSystemColumn(scope: Scope, source: Source | undefined): Resolution {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.level === undefined) continue;
    const sources = source ? [source] : at.items.flatMap((item) => (item.source ? [item.source] : []));
    for (const each of sources) each.uses.systemColumns = true;
    const only = sources[0];
    if (only !== undefined) return { kind: "system-column", source: only, level: only.level };
  }
  return { kind: "unknown" };
}

/** The item that a table name in front of a column means: [alias], [schema, table] or [database, schema, table]. */
function findItem(scope: Scope, names: readonly string[]): { item: NamespaceItem; level: Level } | undefined {
  const name = names.at(-1);
  const schema = names.length > 1 ? names.at(-2) : undefined;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.level === undefined) continue;
    const item = at.items.find(
      (each) => each.isRelationVisible && each.alias === name && (schema === undefined || each.schema === schema),
    );
    if (item !== undefined) return { item, level: at.level };
  }
  return undefined;
}

export function noteUse(column: VisibleColumn): void {
  for (const origin of column.origins) origin.source.uses.columns.add(origin.column);
}

function noteRow(source: Source): void {
  source.uses.all = true;
  source.uses.row = true;
}
