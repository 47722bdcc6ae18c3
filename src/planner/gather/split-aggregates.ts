// Aggregates in two steps: every shard groups its own rows and gives partial aggregates, the final query groups those
// groups again. HAVING, expressions over aggregates, ORDER BY and windows are the final query's, as they stand.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { firstUserOid, oid } from "../../pgwire/oid.ts";
import { nodeOf } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import { classesOf } from "../analysis/classes.ts";
import { expressionType } from "../analysis/expression-type.ts";
import { variableOf } from "../analysis/facts.ts";
import type { Level } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";
import { partitionOfRows } from "../query/partition.ts";
import type { Gathering, InputColumn } from "./gathering.ts";
import { lostByExpression, nothingLost } from "./lost-on-the-way.ts";
import { call, cast, column, integer, target } from "./nodes.ts";
import { type Collapsed, rewriteAbove, rowsQuery } from "./rows-part.ts";
import { isSameEverywhere } from "./same-everywhere.ts";
import { expressionKey } from "./same-expression.ts";
import type { WhereParts } from "./where-parts.ts";

/** undefined: there are none, or they cannot be split. */
export function splitAggregates(gathering: Gathering, level: Level, where: WhereParts): Collapsed | undefined {
  const { shape } = level;
  if (!shape.hasAggregates && shape.groupBy === undefined) return undefined;
  // What is left of WHERE must be asked of rows, not of groups.
  if (where.kept !== undefined) return undefined;
  const split = new Split(gathering, level);
  for (const { node } of shape.groupTerms.values()) if (node === undefined || !split.addGroup(node)) return undefined;

  const statement = level.node as SelectStmt;
  const { groupClause: _group, ...others } = statement;
  const final = rewriteAbove(gathering, level, others, where, (node) => split.replace(node));
  if (final === undefined || split.isImpossible) return undefined;
  return split.collapsed(statement, where, final);
}

interface PartialColumn extends InputColumn {
  readonly node: Node;
}

class Split {
  readonly #gathering: Gathering;
  readonly #level: Level;
  readonly #numbers = new Map<Variable, number>();
  /** Expressions of GROUP BY. */
  readonly #groups = new Map<string, PartialColumn>();
  /** Arguments of DISTINCT aggregates: the shards group by them too. */
  readonly #values = new Map<string, PartialColumn>();
  /** Columns that depend on the groups: PostgreSQL on the shards checks that they do. */
  readonly #dependent = new Map<string, PartialColumn>();
  readonly #partials = new Map<string, PartialColumn>();
  #count = 0;
  isImpossible = false;

  constructor(gathering: Gathering, level: Level) {
    this.#gathering = gathering;
    this.#level = level;
  }

  /** False: groups cannot be told apart again by the value alone. */
  addGroup(node: Node): boolean {
    return this.#canGroup(node) && this.#add(this.#groups, node) !== undefined;
  }

  #canGroup(node: Node): boolean {
    return !("A_Const" in node || "ParamRef" in node) && !this.#level.hasVolatile;
  }
  replace(node: Node): Node | undefined {
    const { analysis } = this.#gathering;
    if (!isExpression(node)) return undefined;
    const key = this.#groups.get(expressionKey(analysis, node, this.#numbers));
    if (key !== undefined) return column(key.name);
    const aggregate = nodeOf(node, "FuncCall");
    if (aggregate !== undefined && this.#level.aggregates.includes(aggregate)) {
      const final = this.#finalOf(aggregate);
      this.isImpossible ||= final === undefined;
      return final;
    }
    if (nodeOf(node, "JsonObjectAgg") ?? nodeOf(node, "JsonArrayAgg")) this.isImpossible = true;
    const reference = nodeOf(node, "ColumnRef");
    const resolution = reference && analysis.resolutions.get(reference);
    if (resolution === undefined) return undefined;
    if (resolution.kind === "unknown" || resolution.kind === "row") this.isImpossible = true;
    if (resolution.kind !== "column" || resolution.level !== this.#level) return undefined;
    return this.#add(this.#dependent, node);
  }

  /** undefined: what depends on the groups could not be checked. */
  collapsed(statement: SelectStmt, where: WhereParts, final: SelectStmt): Collapsed | undefined {
    if (this.#dependent.size > 0 && this.#values.size > 0) return undefined;
    const keys = [...this.#groups.values(), ...this.#values.values()];
    const columns = [...keys, ...this.#dependent.values(), ...this.#partials.values()];
    const query = rowsQuery(
      statement,
      where,
      columns.map(({ node }) => target(node)),
    );
    if (keys.length > 0) query.groupClause = keys.map((_, index) => integer(index + 1));
    if (this.#level.shape.groupBy === undefined) return { query, columns, final };
    const clause = this.#finalClause(statement.groupClause ?? []);
    return clause && { query, columns, final: { ...final, groupClause: clause } };
  }

  /** GROUP BY over the columns of the input. */
  #finalClause(clause: readonly Node[]): Node[] | undefined {
    if (!this.#level.shape.hasGroupingSets) {
      return [...this.#groups.values(), ...this.#dependent.values()].map(({ name }) => column(name));
    }
    // Grouping sets do not let a primary key stand for the other columns.
    return this.#dependent.size > 0 ? undefined : clause.map((node) => this.#finalSet(node));
  }

  #finalSet(node: Node): Node {
    const set = nodeOf(node, "GroupingSet");
    if (set !== undefined) {
      if (set.content === undefined) return node;
      return { GroupingSet: { ...set, content: set.content.map((each) => this.#finalSet(each)) } };
    }
    const row = nodeOf(node, "RowExpr");
    if (row !== undefined && !this.#level.shape.groupTerms.has(node)) {
      return { RowExpr: { ...row, args: (row.args ?? []).map((each) => this.#finalSet(each)) } };
    }
    const term = this.#level.shape.groupTerms.get(node)?.node ?? node;
    return this.#add(this.#groups, term) ?? node;
  }

  #add(into: Map<string, PartialColumn>, node: Node): Node | undefined {
    const { input, analysis, prefix } = this.#gathering;
    const key = expressionKey(analysis, node, this.#numbers);
    const known = into.get(key);
    if (known !== undefined) return column(known.name);
    if (!isSameEverywhere(this.#gathering, this.#level, node)) {
      this.isImpossible = true;
      return undefined;
    }
    // Partial aggregates are numbers, or their arguments have been looked at.
    const lost = into === this.#partials ? nothingLost : lostByExpression(input, analysis, node);
    if (lost === undefined) {
      this.isImpossible = true;
      return undefined;
    }
    const name = `${prefix}c${++this.#count}`;
    into.set(key, { name, lost, node });
    return column(name);
  }

  #partial(node: Node): Node {
    return this.#add(this.#partials, node) ?? node;
  }

  /** The aggregate over partial aggregates that gives the same value and type. undefined: it cannot be split. */
  #finalOf(aggregate: FuncCall): Node | undefined {
    const { input, analysis } = this.#gathering;
    const name = functionName(aggregate);
    const schema = aggregate.funcname?.length === 2 ? nodeOf(aggregate.funcname[0], "String")?.sval : "pg_catalog";
    if (schema !== "pg_catalog" || input.catalog.userFunctions.has(name)) return undefined;
    if (aggregate.agg_order !== undefined || aggregate.agg_within_group || aggregate.func_variadic) return undefined;
    if (aggregate.agg_distinct) return this.#distinct(aggregate);
    const [argument] = aggregate.args ?? [];
    const type = expressionType(analysis, argument);
    const whole: Node = { FuncCall: aggregate };
    switch (name) {
      case "count":
        return countOf(this.#partial(whole));
      case "min":
      case "max":
      case "any_value":
        if (!this.#keepsOrder(argument, type)) return undefined;
        return call(name, this.#partial(whole));
      case "bool_and":
      case "bool_or":
      case "every":
      case "bit_and":
      case "bit_or":
        return call(name, this.#partial(whole));
      case "sum":
        return this.#sum(whole, type);
      case "avg":
        return this.#average(aggregate, argument, type);
      default:
        return undefined;
    }
  }

  /** Whether partial results are compared as the values themselves are; of a composite type they would be records. */
  #keepsOrder(argument: Node | undefined, type: number | undefined): boolean {
    if (argument === undefined || type === undefined || type >= firstUserOid) return false;
    const lost = lostByExpression(this.#gathering.input, this.#gathering.analysis, argument);
    return lost !== undefined && lost.collation === undefined;
  }

  /** Its arguments become keys of the shards' groups, so every value arrives at least once. */
  #distinct(aggregate: FuncCall): Node | undefined {
    if (this.#countsOnlyShardKeys()) return countOf(this.#partial({ FuncCall: aggregate }));
    if (aggregate.agg_filter !== undefined) return undefined;
    const args: Node[] = [];
    for (const argument of aggregate.args ?? []) {
      const known = this.#groups.get(expressionKey(this.#gathering.analysis, argument, this.#numbers));
      const value = known
        ? column(known.name)
        : this.#canGroup(argument)
          ? this.#add(this.#values, argument)
          : undefined;
      if (value === undefined) return undefined;
      args.push(value);
    }
    return { FuncCall: { ...aggregate, args } };
  }

  /** If there are others, the shards' groups become finer, and one value can be in several of them. */
  #countsOnlyShardKeys(): boolean {
    return (this.#level.aggregates as FuncCall[]).every((each) => !each.agg_distinct || this.#isOfShardKey(each));
  }

  /** count(DISTINCT key): no value is on two shards. */
  #isOfShardKey(aggregate: FuncCall): boolean {
    const [argument, ...others] = aggregate.args ?? [];
    const variable = variableOf(this.#gathering.analysis, argument);
    const partition = partitionOfRows(this.#level);
    if (functionName(aggregate) !== "count" || others.length > 0 || variable === undefined) return false;
    const [key, ...moreKeys] = (partition.kind === "partitioned" ? partition.keys : undefined) ?? [];
    if (key === undefined || moreKeys.length > 0) return false;
    return classesOf(this.#level.region, "own").areEqual(variable, key);
  }

  #sum(whole: Node, type: number | undefined): Node | undefined {
    switch (type) {
      case oid.int2:
      case oid.int4:
        // sum(bigint) is numeric; of an integer it is bigint.
        return cast(call("sum", this.#partial(whole)), "int8");
      case oid.int8:
      case oid.numeric:
      case oid.float4:
      case oid.float8:
      case oid.interval:
      case oid.money:
        return call("sum", this.#partial(whole));
      default:
        return undefined;
    }
  }

  #average(aggregate: FuncCall, argument: Node | undefined, type: number | undefined): Node | undefined {
    if (argument === undefined || type === undefined) return undefined;
    const of = (name: string, value: Node): Node => ({
      FuncCall: {
        ...aggregate,
        funcname: [{ String: { sval: "pg_catalog" } }, { String: { sval: name } }],
        args: [value],
      },
    });
    const count = call("sum", this.#partial(of("count", argument)));
    switch (type) {
      case oid.int2:
      case oid.int4:
      case oid.int8:
      case oid.numeric:
        return quotient(call("sum", this.#partial(of("sum", argument))), count);
      case oid.float4:
      case oid.float8:
        return quotient(call("sum", this.#partial(of("sum", cast(argument, "float8")))), cast(count, "float8"));
      default:
        return undefined;
    }
  }
}

/** Nodes that can be the whole of a GROUP BY expression. */
function isExpression(node: Node): boolean {
  return !(
    "ResTarget" in node ||
    "SortBy" in node ||
    "List" in node ||
    "String" in node ||
    "SelectStmt" in node ||
    "WindowDef" in node
  );
}

function countOf(partial: Node): Node {
  const sum = call("sum", partial);
  return cast({ CoalesceExpr: { args: [sum, integer(0)] } }, "int8");
}

function quotient(sum: Node, count: Node): Node {
  const divisor: Node = {
    A_Expr: { kind: "AEXPR_NULLIF", name: [{ String: { sval: "=" } }], lexpr: count, rexpr: integer(0) },
  };
  return { A_Expr: { kind: "AEXPR_OP", name: [{ String: { sval: "/" } }], lexpr: sum, rexpr: divisor } };
}
