// EXPLAIN. What one shard would answer, that shard explains; the plans of several shards the gateway prints itself.
import type { ExplainStmt } from "@pgsql/types";
import { unreachable } from "../base/assert.ts";
import { parse } from "../sql/parse.ts";
import { optionIsOn, optionsOf, optionText } from "./definition.ts";
import type { Plan, Target, ValueSource } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { sqlOf } from "./plan-rows.ts";
import { refuse } from "./refuse.ts";

/** `planInner` plans the statement that is explained. */
export function planExplain(input: PlanInput, statement: ExplainStmt, planInner: (inner: PlanInput) => Plan): Plan {
  const { query, options } = statement;
  if (query === undefined) throw refuse("SG050", "this EXPLAIN");
  if ("ExecuteStmt" in query) throw refuse("SG050", "EXPLAIN EXECUTE");
  const inner = planInner({ ...input, statement: { tree: query, text: input.statement.text } });
  const isRun = optionIsOn(options, "analyze");
  if (inner.kind === "single-shard") {
    const { reserve, createsTemporary, declaresCursor, ...plan } = inner;
    // EXPLAIN ANALYZE of DECLARE runs the query and leaves no cursor behind.
    if (isRun) return declaresCursor === undefined ? inner : plan;
    return { ...plan, readOnly: true, otherwise: undefined };
  }
  if (isRun) throw refuse("SG061");
  const format = optionText(optionsOf(options).findLast(({ defname }) => defname === "format")) ?? "text";
  if (format.toLowerCase() !== "text") throw refuse("SG062", `FORMAT ${format.toUpperCase()}`);
  // Planned again with a text of its own, for the SQL in a plan may be the client's text.
  const text = sqlOf(query);
  const [own] = parse(text);
  const plan = own === undefined ? inner : planInner({ ...input, statement: own, normalized: undefined });
  return { kind: "explain", lines: explainLines(plan) };
}

/** A plan as an indented tree, for people. */
export function explainLines(plan: Plan): string[] {
  switch (plan.kind) {
    case "single-shard":
      return [
        `Single shard on ${plan.targets.map(targetText).join(" and ")}`,
        ...(plan.sql === undefined ? [] : [`  SQL: ${plan.sql}`]),
        ...(plan.otherwise === undefined ? [] : under("Otherwise", explainLines(plan.otherwise))),
      ];
    case "scatter":
      return [
        `Scatter to ${targetText(plan.target)}`,
        ...(plan.orderBy.length === 0 ? [] : [`  Merge in order of ${plan.orderBy.length} sort key(s)`]),
        ...(plan.offset === undefined ? [] : [`  Offset: ${countText(plan.offset)}`]),
        ...(plan.limit === undefined ? [] : [`  Limit: ${countText(plan.limit)}`]),
        `  SQL: ${plan.sql}`,
      ];
    case "gather":
      return [
        `Gather on ${targetText(plan.finalTarget)}`,
        `  SQL: ${plan.finalSql}`,
        ...plan.inputs.flatMap((input) => [
          `  -> ${input.name} from ${targetText(input.target)}`,
          `       SQL: ${input.sql}`,
        ]),
      ];
    case "scatter-write":
      return [
        `Write on ${targetText(plan.target)}${plan.replicated ? " (reference table)" : ""}`,
        ...(plan.sql === undefined ? [] : [`  SQL: ${plan.sql}`]),
      ];
    case "insert-split":
      return [`Insert ${plan.rows.length} rows, each on the shard of its key`];
    case "insert-select":
      return [
        `Insert into ${destination[plan.into]}`,
        `  SQL: ${plan.head}... ${plan.tail}`.trimEnd(),
        ...under("Rows from", explainLines(plan.source)),
      ];
    case "all-shards":
      return [`All shards${plan.transactional ? " in one transaction" : ", one after the other"}`];
    case "script":
      return ["Statements one after the other", ...plan.statements.map((sql) => `  SQL: ${sql}`)];
    case "copy-in":
    case "copy-out":
    case "distribute":
    case "transaction":
    case "transaction-status":
    case "set":
    case "set-config":
    case "explain":
    case "discard":
    case "prepare":
    case "execute":
    case "deallocate":
    case "cursor":
    case "show":
      return [`Gateway: ${plan.kind}`];
    default:
      return unreachable(plan);
  }
}

const destination = {
  distributed: "the shard of each row's key",
  reference: "all shards",
  home: "the home shard",
} as const;

function under(title: string, lines: readonly string[]): string[] {
  return [`  -> ${title}: ${lines[0]}`, ...lines.slice(1).map((line) => `     ${line}`)];
}

function targetText(target: Target): string {
  switch (target.kind) {
    case "home":
      return "the home shard";
    case "any":
      return "any shard";
    case "all":
      return "all shards";
    case "keys":
      return `the shards of ${target.keys.map((key) => `(${key.map(sourceText).join(", ")})`).join(", ") || "no key"}`;
    case "array":
      return `the shards of the elements of $${target.parameter}`;
    default:
      return unreachable(target);
  }
}

function sourceText(source: ValueSource): string {
  switch (source.kind) {
    case "literal":
      return `literal ${source.slot + 1}`;
    case "parameter":
      return `$${source.number}`;
    case "constant":
      return source.text ?? "NULL";
    default:
      return unreachable(source);
  }
}

function countText(count: { kind: "constant"; value: number } | { kind: "parameter"; number: number }): string {
  return count.kind === "constant" ? String(count.value) : `$${count.number}`;
}
