// SELECT create_distributed_table(..) and its sisters, with the arguments of Citus' functions of the same names. The gateway
// carries them out itself, so a call must stand alone and its arguments must be plain.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { SqlError } from "../pgwire/sql-error.ts";
import { nodeOf } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { namesOf } from "./definition.ts";
import type { ArgumentSource, DistributePlan } from "./plan.ts";
import { refuse } from "./refuse.ts";
import { argumentOf } from "./set-config.ts";

interface Signature {
  readonly action: DistributePlan["action"];
  readonly parameters: readonly string[];
  readonly required: number;
}

const signatures = new Map<string, Signature>([
  [
    "create_distributed_table",
    {
      action: "distribute",
      parameters: ["table_name", "distribution_column", "distribution_type", "colocate_with", "shard_count"],
      required: 2,
    },
  ],
  ["create_reference_table", { action: "reference", parameters: ["table_name"], required: 1 }],
  [
    "undistribute_table",
    { action: "undistribute", parameters: ["table_name", "cascade_via_foreign_keys"], required: 1 },
  ],
]);

/** undefined: no such call in it. */
export function planDistribute(query: SelectStmt): DistributePlan | undefined {
  const name = calledName({ SelectStmt: query });
  const signature = name === undefined ? undefined : signatures.get(name);
  if (name === undefined || signature === undefined) return undefined;
  const { targetList = [], op, limitOption, ...others } = query;
  const target = nodeOf(targetList[0], "ResTarget");
  const call = nodeOf(target?.val, "FuncCall");
  const isBare = op === "SETOP_NONE" && limitOption === "LIMIT_OPTION_DEFAULT" && Object.keys(others).length === 0;
  if (call === undefined || !isBare || targetList.length !== 1) throw refuse("SG076", name);
  const given = argumentsOf(name, signature, call);
  checkDistributionType(given.get("distribution_type"));
  const table = given.get("table_name");
  if (table === undefined) throw noSuchFunction(name);
  return {
    kind: "distribute",
    action: signature.action,
    table,
    shardKey: given.get("distribution_column"),
    colocateWith: given.get("colocate_with"),
    resultColumn: target?.name ?? name,
  };
}

/** Throws when a statement of another kind calls one of them. */
export function refuseDistribute(tree: Node): void {
  const name = calledName(tree);
  if (name !== undefined) throw refuse("SG076", name);
}

function calledName(tree: Node): string | undefined {
  for (const call of callsIn(tree)) {
    const names = namesOf(call.funcname);
    const isOurs = names.length === 1 || names[0] === "shardgres" || names[0] === "pg_catalog";
    if (isOurs && signatures.has(names.at(-1) ?? "")) return names.at(-1);
  }
  return undefined;
}

function argumentsOf(name: string, signature: Signature, call: FuncCall): Map<string, ArgumentSource> {
  const given = new Map<string, ArgumentSource>();
  for (const [position, node] of (call.args ?? []).entries()) {
    const named = nodeOf(node, "NamedArgExpr");
    const parameter = named === undefined ? signature.parameters[position] : named.name;
    if (parameter === undefined || !signature.parameters.includes(parameter)) throw noSuchFunction(name);
    const value = valueOfArgument(named?.arg ?? node);
    if (value === undefined) throw refuse("SG076", name);
    given.set(parameter, value);
  }
  if (signature.parameters.slice(0, signature.required).some((parameter) => !given.has(parameter))) {
    throw noSuchFunction(name);
  }
  return given;
}

/** ARRAY['a', 'b'] stands for 'a,b'. */
function valueOfArgument(node: Node): ArgumentSource | undefined {
  const array = nodeOf(node, "A_ArrayExpr") ?? nodeOf(nodeOf(node, "TypeCast")?.arg, "A_ArrayExpr");
  if (array === undefined) return argumentOf(node);
  const texts: string[] = [];
  for (const element of array.elements ?? []) {
    const source = argumentOf(element);
    if (source?.kind !== "constant" || source.text === null) return undefined;
    texts.push(source.text);
  }
  return { kind: "constant", text: texts.join(",") };
}

/** Citus also knows append and range. */
function checkDistributionType(type: ArgumentSource | undefined): void {
  if (type?.kind !== "constant" || type.text === null || type.text === "hash") return;
  throw new SqlError({
    code: "0A000",
    message: `distribution type "${type.text}" is not supported`,
    hint: 'Use "hash".',
  });
}

function noSuchFunction(name: string): SqlError {
  return new SqlError({
    code: "42883",
    message: `no such call of function ${name}`,
    hint: `Its parameters are ${signatures.get(name)?.parameters.join(", ")}.`,
  });
}
