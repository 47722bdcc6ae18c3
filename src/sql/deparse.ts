// Trees to text, by pgsql-deparser, which is not trusted: the text is parsed again and must give the same tree.
import type { Node } from "@pgsql/types";
import { AppError } from "../base/app-error.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { equalTrees } from "./equal-trees.ts";
import { FaithfulDeparser } from "./faithful-deparser.ts";
import { ParenthesizingDeparser } from "./parenthesizing-deparser.ts";
import { parse } from "./parse.ts";
import { stackDepthExceeded } from "./stack-depth.ts";

/**
 * SQL text of a statement, without `;`. Throws AppError "deparse-mismatch" when no text is found that means the same as
 * the tree (callers refuse the statement then), SqlError 54001 when the tree is too deep.
 */
export function deparse(statement: Node): string {
  try {
    const text = attempt(FaithfulDeparser, statement) ?? attempt(ParenthesizingDeparser, statement);
    if (text !== undefined) return text;
  } catch (error) {
    throw error instanceof RangeError ? stackDepthExceeded(error) : error;
  }
  throw new AppError("deparse-mismatch", "this statement cannot be written as SQL after it has been changed");
}

/** SQL text of an expression, checked as `deparse` does. */
export function deparseExpression(expression: Node): string {
  const select: Node = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      limitOption: "LIMIT_OPTION_DEFAULT",
      op: "SETOP_NONE",
    },
  };
  return deparse(select).slice("SELECT ".length);
}

/** undefined if it does not come back as it went. */
function attempt(deparser: typeof FaithfulDeparser, statement: Node): string | undefined {
  let text: string;
  try {
    text = new deparser(statement, { pretty: false }).deparseQuery();
  } catch (error) {
    if (isOverflow(error)) throw stackDepthExceeded(error);
    return undefined;
  }
  try {
    const parsed = parse(text);
    return parsed.length === 1 && equalTrees(parsed[0]!.tree, statement) ? text : undefined;
  } catch (error) {
    if (error instanceof SqlError && error.fields.code === "54001") throw error;
    return undefined;
  }
}

/** pgsql-deparser packs errors into others and keeps only their messages. */
function isOverflow(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Maximum call stack size exceeded");
}
