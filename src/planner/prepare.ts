// PREPARE, EXECUTE and DEALLOCATE of SQL: the session keeps prepared statements, so the parts of these statements are cut
// out of the client's text.
import type { DeallocateStmt, ExecuteStmt, PrepareStmt } from "@pgsql/types";
import { lex, type Tokens } from "../sql/lexer.ts";
import { TokenKind } from "../sql/token-kind.ts";
import type { SessionPlan } from "./plan.ts";
import { refuse } from "./refuse.ts";

/** `PREPARE name (types) AS statement`. */
export function planPrepare(statement: PrepareStmt, text: string): SessionPlan {
  const tokens = lexed(text);
  const list = parenthesized(text, tokens, 2);
  const as = list === undefined ? 2 : list.close + 1;
  const start = tokens.starts[as + 1];
  if (start === undefined || as + 1 >= tokens.count) throw refuse("SG050", "this PREPARE");
  // Blanks keep the place of what is cut off, so that positions of errors are those in the client's text.
  const sql = " ".repeat([...text.slice(0, start)].length) + text.slice(start);
  return { kind: "prepare", name: statement.name ?? "", sql, types: list?.items ?? [] };
}

/** `EXECUTE name (expressions)`. */
export function planExecute(statement: ExecuteStmt, text: string): SessionPlan {
  const list = parenthesized(text, lexed(text), 2);
  return { kind: "execute", name: statement.name ?? "", arguments: list?.items ?? [] };
}

export function planDeallocate(statement: DeallocateStmt): SessionPlan {
  return { kind: "deallocate", name: statement.isall ? undefined : statement.name };
}

function lexed(text: string): Tokens {
  const tokens = lex(text);
  if (tokens === undefined) throw refuse("SG050", "this PREPARE or EXECUTE");
  return tokens;
}

/** The texts between the commas of the list that opens at token `open`; undefined when none opens there. */
function parenthesized(text: string, tokens: Tokens, open: number): { items: string[]; close: number } | undefined {
  if (symbolAt(text, tokens, open) !== "(") return undefined;
  const items: string[] = [];
  let depth = 1;
  let first = open + 1;
  for (let at = first; at < tokens.count; at++) {
    const symbol = symbolAt(text, tokens, at);
    if (symbol === "(" || symbol === "[") depth++;
    if (symbol === ")" || symbol === "]") depth--;
    if (depth > 1 || (depth === 1 && symbol !== ",")) continue;
    items.push(text.slice(tokens.starts[first], tokens.ends[at - 1]));
    first = at + 1;
    if (depth === 0) return { items, close: at };
  }
  return undefined;
}

function symbolAt(text: string, tokens: Tokens, index: number): string {
  const isSymbol = index < tokens.count && tokens.kinds[index] === TokenKind.symbol;
  return isSymbol ? text.charAt(tokens.starts[index]!) : "";
}
