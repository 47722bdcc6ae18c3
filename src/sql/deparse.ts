// Trees to text, by pgsql-deparser, which is not trusted: the text is parsed again and must give the same tree.
import type { Node } from "@pgsql/types";
import { AppError } from "../base/app-error.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { equalTrees } from "./equal-trees.ts";
import { FaithfulDeparser } from "./faithful-deparser.ts";
import { parse } from "./parse.ts";
import { stackDepthExceeded } from "./stack-depth.ts";

/**
 * SQL text of a statement, without `;`. Throws AppError "deparse-mismatch" when the text would not mean the same as the
 * tree (callers refuse the statement then), SqlError 54001 when the tree is too deep.
 */
export function deparse(statement: Node): string {
  const text = unchecked(statement);
  if (!meansTheSame(text, statement)) {
    throw new AppError("deparse-mismatch", `the tree cannot be written as SQL faithfully: ${text}`);
  }
  return text;
}

/** SQL text of an expression, for use inside of a statement that is checked as a whole, or alone; checked as `deparse`. */
export function deparseExpression(expression: Node): string {
  const prefix = "SELECT ";
  return deparse({
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      limitOption: "LIMIT_OPTION_DEFAULT",
      op: "SETOP_NONE",
    },
  }).slice(prefix.length);
}

function unchecked(statement: Node): string {
  try {
    return new FaithfulDeparser(statement, { pretty: false }).deparseQuery();
  } catch (error) {
    if (error instanceof RangeError) throw stackDepthExceeded(error);
    throw new AppError("deparse-mismatch", "the tree cannot be written as SQL", { cause: error });
  }
}

function meansTheSame(text: string, statement: Node): boolean {
  try {
    const parsed = parse(text);
    return parsed.length === 1 && equalTrees(parsed[0]!.tree, statement);
  } catch (error) {
    if (error instanceof SqlError && error.fields.code === "54001") throw error;
    return false;
  }
}
