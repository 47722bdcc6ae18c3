// libpg-query gives PostgreSQL's message and position, but not its SQLSTATE, hint and detail. Nearly everything that the
// scanner and the grammar raise is a plain 42601; the others are known by their messages (scan.l, gram.y, parser.c).
import { SqlError } from "../pgwire/sql-error.ts";

interface Known {
  readonly message: RegExp;
  /** 42601 when missing. */
  readonly code?: string;
  readonly hint?: string;
  readonly detail?: string;
}

const known: readonly Known[] = [
  { message: /not (yet )?implemented$|no(t| longer) supported$/, code: "0A000" },
  { message: /cannot be marked|cannot be altered to be NOT VALID/, code: "0A000" },
  { message: /^aggregates cannot have output arguments|^only string constants are supported/, code: "0A000" },
  { message: /^CREATE SCHEMA IF NOT EXISTS cannot include|^CREATE OR REPLACE CONSTRAINT TRIGGER/, code: "0A000" },
  { message: /supported on recursive views|only supported for ON DELETE actions/, code: "0A000" },
  { message: /^current database cannot be changed/, code: "0A000" },
  { message: /^frame (start|end|starting)/, code: "42P20" },
  { message: /is reserved$|cannot be used as a role name here$/, code: "42939" },
  { message: /^precision for type float|^unrecognized (partitioning strategy|JSON encoding)/, code: "22023" },
  { message: /hash partition provided more than once$/, code: "42710" },
  { message: /^invalid byte sequence for encoding/, code: "22021" },
  { message: /^out of memory/, code: "53200" },
  { message: /^LIMIT #,#/, code: "42601", hint: "Use separate LIMIT and OFFSET clauses." },
  { message: /^missing argument$/, hint: "Use NONE to denote the missing argument of a unary operator." },
  {
    message: /^UNENCRYPTED PASSWORD/,
    code: "0A000",
    hint: "Remove UNENCRYPTED to store the password in encrypted form instead.",
  },
  {
    message: /^invalid publication object list$/,
    detail: "One of TABLE or TABLES IN SCHEMA must be specified before a standalone table or schema name.",
  },
];
const plain: Known = { message: /^/ };
/** In E''. */
const invalidEscape: Known = {
  message: /^/,
  code: "22025",
  hint: "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.",
};
/** In U&'' and U&"". */
const invalidUnicodeEscape: Known = { message: /^/, hint: "Unicode escapes must be \\XXXX or \\+XXXXXX." };

/** `routine` is the C function that raised it; `position` counts characters from 1. */
export function parserError(message: string, routine: string, position: number | undefined): SqlError {
  const { code = "42601", hint, detail } = knownError(message, routine);
  return new SqlError({ code, message, hint, detail, position });
}

function knownError(message: string, routine: string): Known {
  if (message === "invalid Unicode escape") return routine === "core_yylex" ? invalidEscape : invalidUnicodeEscape;
  return known.findLast((entry) => entry.message.test(message)) ?? plain;
}
