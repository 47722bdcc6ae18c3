// The words of SQL that stand outside of parentheses, quotes and comments, statement by statement: enough to see what kind
// of statement it is and whether it has an ORDER BY of its own. Deliberately not the gateway's lexer, which is under test.

const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|[A-Za-z_][\w$]*|[();]|[^\s]/g;

/** One list per statement, lower case, quoted things as they are. Statements without a token are left out. */
export function statementWords(sql: string): string[][] {
  const statements: string[][] = [[]];
  let depth = 0;
  for (const [text] of sql.matchAll(token)) {
    if (text.startsWith("--") || text.startsWith("/*")) continue;
    if (text === ";" && depth === 0) statements.push([]);
    else if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0) statements.at(-1)!.push(/^\w/.test(text) && !/'/.test(text) ? text.toLowerCase() : text);
  }
  return statements.filter((words) => words.length > 0);
}

/** Whether the order of the statement's rows is part of its meaning. */
export function isOrdered(words: readonly string[]): boolean {
  const [first] = words;
  if (first === "fetch" || first === "move" || first === "show") return true;
  if (first === "insert") return words.includes("values") && words.includes("returning");
  return words.some((word, i) => word === "order" && words[i + 1] === "by");
}

/** Whether the statement can be asked again without changing anything: SELECT, VALUES, TABLE, and WITH around them. */
export function isRead(words: readonly string[]): boolean {
  const [first] = words;
  if (first === undefined || !["select", "values", "table", "with"].includes(first)) return false;
  return !words.some((word) => ["insert", "update", "delete", "merge", "into"].includes(word));
}
