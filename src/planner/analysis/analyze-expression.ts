// Walks one expression of a level: says what its column references mean, analyzes the subqueries in it, and notes its
// function calls and what its parameters are compared with.
import type { A_Expr, ColumnRef, FuncCall, Node, ParamRef, SQLValueFunction, SubLink, TypeCast } from "@pgsql/types";
import type { CatalogSnapshot } from "../../catalog/snapshot.ts";
import { type ShardKeyType, shardKeyType } from "../../sharding/shard-key-type.ts";
import { nodeOf } from "../../sql/walk.ts";
import { analyzeStatement } from "./analyze-statement.ts";
import { type Context, noteCorrelation } from "./context.ts";
import { linkTest } from "./facts.ts";
import type { Level, LevelPart, Sublink } from "./model.ts";
import { newRegion, type Region } from "./region.ts";
import { resolveColumn, type Scope } from "./scope.ts";
import { isTimeOperation, steadinessOf } from "./steadiness.ts";
import { plainElementTypeOid, plainTypeOid } from "./type-name.ts";

/** Where an expression stands. */
export interface Place {
  readonly scope: Scope;
  readonly level: Level;
  readonly region: Region;
  readonly part: LevelPart;
}

type Tree = { readonly [key: string]: unknown };

export function analyzeExpression(context: Context, place: Place, root: unknown): void {
  if (root === undefined || root === null || typeof root !== "object") return;
  if (Array.isArray(root)) {
    for (const item of root) analyzeExpression(context, place, item);
    return;
  }
  for (const [type, contents] of Object.entries(root as Tree)) {
    switch (type) {
      case "ColumnRef":
        analyzeReference(context, place, contents as ColumnRef);
        continue;
      case "SubLink":
        analyzeSublink(context, place, contents as SubLink);
        continue;
      case "FuncCall":
        analyzeCall(context, place, contents as FuncCall);
        continue;
      case "JsonObjectAgg":
      case "JsonArrayAgg":
        place.level.aggregates.push(contents as object);
        analyzeExpression(context, place, contents);
        continue;
      case "SQLValueFunction":
        if (isTimeOperation((contents as SQLValueFunction).op)) place.level.times.add(place.part);
        continue;
      case "ParamRef":
        if (!context.parameterUses.has(contents as ParamRef))
          context.parameterUses.set(contents as ParamRef, undefined);
        continue;
      case "A_Expr":
        analyzeExpression(context, place, contents);
        noteComparison(context, contents as A_Expr);
        continue;
      case "TypeCast":
        analyzeExpression(context, place, contents);
        noteCast(context, contents as TypeCast);
        continue;
      case "JsonArrayQueryConstructor": {
        const { query } = contents as { readonly query?: Node };
        if (query !== undefined) addSublink(context, place, contents as object, query);
        continue;
      }
      default:
        if (typeof contents === "object") analyzeExpression(context, place, contents);
    }
  }
}

function analyzeReference(context: Context, { scope, level }: Place, reference: ColumnRef): void {
  const resolution = resolveColumn(scope, reference);
  context.resolutions.set(reference, resolution);
  if ("level" in resolution && resolution.level !== level) noteCorrelation(level, resolution.level);
  if (resolution.kind === "row" && !resolution.isStar) noteCallByDot(context, level, reference);
  // It may belong to any level around.
  if (resolution.kind === "unknown") {
    for (let at = level; at.parent !== undefined; at = at.parent) at.isCorrelated = true;
  }
}

/** `t.f` calls the function f with the row of t. */
function noteCallByDot(context: Context, level: Level, { fields = [] }: ColumnRef): void {
  const name = fields.at(-1);
  if (fields.length < 2 || name === undefined) return;
  const call: FuncCall = { funcname: [name] };
  context.calls.push(call);
  level.calls.push(call);
  if (isVolatile(context.input.catalog, functionName(call))) level.hasVolatile = true;
}

function analyzeSublink(context: Context, place: Place, sublink: SubLink): void {
  analyzeExpression(context, place, sublink.testexpr);
  if (sublink.subselect === undefined) return;
  addSublink(context, place, sublink, sublink.subselect);
  linkTest(context, sublink, false);
}

function addSublink(context: Context, place: Place, node: object, query: Node): void {
  const region = newRegion(place.region);
  const body = analyzeStatement(context, query, place.scope, place.level, region);
  const added: Sublink = { body, node, region: place.region, part: place.part };
  place.level.sublinks.push(added);
  context.sublinkBodies.set(node, body);
}

function analyzeCall(context: Context, place: Place, call: FuncCall): void {
  context.calls.push(call);
  place.level.calls.push(call);
  const name = functionName(call);
  if (isVolatile(context.input.catalog, name)) place.level.hasVolatile = true;
  const steadiness = steadinessOf(context.input.catalog, name);
  if (steadiness === "time") place.level.times.add(place.part);
  if (steadiness === "server") place.level.serverCalls.add(place.part);
  analyzeExpression(context, place, call);
  if (call.over !== undefined || !isAggregate(context, call)) return;
  levelOfAggregate(context, place.level, call).aggregates.push(call);
}

export function functionName(call: FuncCall): string {
  return nodeOf(call.funcname?.at(-1), "String")?.sval ?? "";
}

/** Whether some function of the name may give another value each time. */
export function isVolatile(catalog: CatalogSnapshot, name: string): boolean {
  if (catalog.volatileFunctions.has(name)) return true;
  return catalog.userFunctions.get(name)?.some(({ volatility }) => volatility === "volatile") === true;
}

export function isAggregate(context: Context, call: FuncCall): boolean {
  const name = functionName(call);
  if (context.input.catalog.userFunctions.get(name)?.some((each) => each.kind === "aggregate")) return true;
  return context.input.catalog.aggregateFunctions.has(name);
}

/** An aggregate belongs to the innermost level whose variables it uses; without any, to the level where it stands. */
function levelOfAggregate(context: Context, level: Level, call: FuncCall): Level {
  const owners = new Set<Level>();
  collectOwners(context, call.args, owners);
  if (owners.size === 0) return level;
  for (let at: Level | undefined = level; at !== undefined; at = at.parent) if (owners.has(at)) return at;
  return level;
}

function collectOwners(context: Context, value: unknown, owners: Set<Level>): void {
  if (value === null || typeof value !== "object") return;
  for (const [type, contents] of Object.entries(value)) {
    if (type === "ColumnRef") {
      const resolution = context.resolutions.get(contents as object);
      if (resolution !== undefined && "level" in resolution) owners.add(resolution.level);
    } else {
      collectOwners(context, contents, owners);
    }
  }
}

const comparisonKinds = new Set(["AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_IN", "AEXPR_BETWEEN", "AEXPR_DISTINCT"]);
const comparisons = new Set(["=", "<>", "<", ">", "<=", ">=", "BETWEEN"]);

/** `column = $1` and the like: PostgreSQL infers the parameter's type from the other side. */
function noteComparison(context: Context, { kind, name, lexpr, rexpr }: A_Expr): void {
  const operator = nodeOf(name?.at(-1), "String")?.sval ?? "";
  if (!comparisonKinds.has(kind ?? "") || !comparisons.has(operator)) return;
  const family = familyOf(context, lexpr) ?? familyOf(context, rexpr);
  if (family === undefined) return;
  for (const side of [lexpr, rexpr]) {
    const items = nodeOf(side, "List")?.items ?? (side === undefined ? [] : [side]);
    for (const item of items) {
      const parameter = nodeOf(item, "ParamRef");
      if (parameter !== undefined) context.parameterUses.set(parameter, family);
    }
  }
}

function noteCast(context: Context, { arg, typeName }: TypeCast): void {
  const parameter = nodeOf(arg, "ParamRef");
  const castOid = plainTypeOid(typeName) ?? plainElementTypeOid(typeName);
  if (parameter !== undefined && castOid !== undefined) context.parameterUses.set(parameter, shardKeyType(castOid));
}

function familyOf(context: Context, node: Node | undefined): ShardKeyType | undefined {
  const reference = nodeOf(node, "ColumnRef");
  const resolution = reference && context.resolutions.get(reference);
  return resolution?.kind === "column" ? resolution.variable.family : undefined;
}
