// libpg-query gives PostgreSQL's message but not its SQLSTATE. Nearly everything the grammar raises is 42601; the others
// are recognised by their messages (gram.y, scan.l, parser.c).

const others: readonly (readonly [RegExp, string])[] = [
  [/not (yet )?implemented|is not supported|are not supported|current database cannot be changed/, "0A000"],
  [/^invalid Unicode escape$|^invalid hexadecimal digit/, "22025"],
  [/^unsafe use of \\' in a string literal/, "22P06"],
  [/^invalid byte sequence for encoding/, "22021"],
  [/^parameter number too large/, "22003"],
  [/^out of memory/, "53200"],
  [/^stack depth limit exceeded/, "54001"],
];

export function sqlstateOfParserMessage(message: string): string {
  for (const [pattern, code] of others) if (pattern.test(message)) return code;
  return "42601";
}
