// SQL/JSON query functions and JSON_TABLE as text. Manual: "SQL/JSON Query Functions", "JSON_TABLE" (functions-json).
import type {
  JsonBehavior,
  JsonFuncExpr,
  JsonOutput,
  JsonQuotes,
  JsonTable,
  JsonTableColumn,
  JsonTablePathSpec,
  JsonValueExpr,
  JsonWrapper,
  Node,
  TypeName,
} from "@pgsql/types";
import { quoteIdentifier } from "./names.ts";
import { nodeOf } from "./walk.ts";

/** Text of the parts that are not JSON's own. */
export interface ShowJsonParts {
  node(node: Node): string;
  value(value: JsonValueExpr): string;
  type(type: TypeName): string;
  /** RETURNING with its type and format; "" if there is none. */
  output(output: JsonOutput | undefined): string;
}

/** JSON_VALUE, JSON_QUERY and JSON_EXISTS. */
export function showJsonFunction(expression: JsonFuncExpr, show: ShowJsonParts): string {
  const parts = [
    `${show.value(expression.context_item!)},`,
    show.node(expression.pathspec!),
    passing(expression.passing, show),
    show.output(expression.output),
    wrapperAndQuotes(expression.wrapper, expression.quotes),
    behavior(expression.on_empty, "EMPTY", show),
    behavior(expression.on_error, "ERROR", show),
  ];
  return `${functionName(expression)}(${joined(parts)})`;
}

/** Without LATERAL and alias. */
export function showJsonTable(table: JsonTable, show: ShowJsonParts): string {
  const parts = [
    `${show.value(table.context_item!)},`,
    path(table.pathspec!, show),
    passing(table.passing, show),
    columns(table.columns, show),
    behavior(table.on_error, "ERROR", show),
  ];
  return `JSON_TABLE(${joined(parts)})`;
}

function columns(list: readonly Node[] | undefined, show: ShowJsonParts): string {
  return `COLUMNS (${(list ?? []).map((node) => column(nodeOf(node, "JsonTableColumn")!, show)).join(", ")})`;
}

function column(definition: JsonTableColumn, show: ShowJsonParts): string {
  const { coltype, pathspec } = definition;
  if (coltype === "JTC_NESTED")
    return joined(["NESTED PATH", path(pathspec!, show), columns(definition.columns, show)]);
  const name = quoteIdentifier(definition.name ?? "");
  if (coltype === "JTC_FOR_ORDINALITY") return `${name} FOR ORDINALITY`;
  return joined([
    name,
    show.type(definition.typeName!),
    coltype === "JTC_EXISTS" ? "EXISTS" : "",
    coltype === "JTC_FORMATTED" ? format(definition) : "",
    pathspec === undefined ? "" : `PATH ${path(pathspec, show)}`,
    coltype === "JTC_EXISTS" ? "" : wrapperAndQuotes(definition.wrapper, definition.quotes),
    behavior(definition.on_empty, "EMPTY", show),
    behavior(definition.on_error, "ERROR", show),
  ]);
}

function format({ format: { encoding } = {} }: JsonTableColumn): string {
  return encoding === undefined || encoding === "JS_ENC_DEFAULT"
    ? "FORMAT JSON"
    : `FORMAT JSON ENCODING ${encoding.slice("JS_ENC_".length)}`;
}

function path({ string, name }: JsonTablePathSpec, show: ShowJsonParts): string {
  return name === undefined ? show.node(string!) : `${show.node(string!)} AS ${quoteIdentifier(name)}`;
}

function passing(list: readonly Node[] | undefined, show: ShowJsonParts): string {
  if (list === undefined) return "";
  const shown = list.map((node) => {
    const { val, name } = nodeOf(node, "JsonArgument")!;
    return `${show.value(val!)} AS ${quoteIdentifier(name!)}`;
  });
  return `PASSING ${shown.join(", ")}`;
}

function wrapperAndQuotes(wrapper: JsonWrapper | undefined, quotes: JsonQuotes | undefined): string {
  return joined([
    wrapper === "JSW_NONE" ? "WITHOUT WRAPPER" : "",
    wrapper === "JSW_CONDITIONAL" ? "WITH CONDITIONAL WRAPPER" : "",
    wrapper === "JSW_UNCONDITIONAL" ? "WITH UNCONDITIONAL WRAPPER" : "",
    quotes === "JS_QUOTES_KEEP" ? "KEEP QUOTES" : "",
    quotes === "JS_QUOTES_OMIT" ? "OMIT QUOTES" : "",
  ]);
}

function behavior(found: JsonBehavior | undefined, on: "EMPTY" | "ERROR", show: ShowJsonParts): string {
  if (found === undefined) return "";
  return `${behaviorWord(found, show)} ON ${on}`;
}

function behaviorWord({ btype, expr }: JsonBehavior, show: ShowJsonParts): string {
  switch (btype) {
    case "JSON_BEHAVIOR_DEFAULT":
      return `DEFAULT ${show.node(expr!)}`;
    case "JSON_BEHAVIOR_EMPTY_ARRAY":
      return "EMPTY ARRAY";
    case "JSON_BEHAVIOR_EMPTY_OBJECT":
      return "EMPTY OBJECT";
    default:
      return (btype ?? "").slice("JSON_BEHAVIOR_".length);
  }
}

function functionName({ op }: JsonFuncExpr): string {
  switch (op) {
    case "JSON_EXISTS_OP":
      return "JSON_EXISTS";
    case "JSON_QUERY_OP":
      return "JSON_QUERY";
    default:
      return "JSON_VALUE";
  }
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
