// docs/sql-support.md: what is refused by design, made from the same lists that the refusals come from.
import { type DistributionRefusal, distributionRefusals } from "../catalog/refusals.ts";
import { copyRefusals } from "./copy-refusals.ts";
import { queryRefusals } from "./query-refusals.ts";
import { type Refusal, refusals } from "./refuse.ts";
import { statementRefusals } from "./statement-refusals.ts";

type Listed = Refusal | DistributionRefusal;

const introduction = `# SQL support

<!-- Made by \`npm run docs\` from the lists in src/planner and src/catalog. Do not edit. -->

Every statement gets the answer that one PostgreSQL would give, or a clear error. What follows is the list of those errors:
everything that the gateway refuses by design. Each has a stable code, which ends the error message in square brackets, and a
hint that names another way. Syntax and semantics of everything else are PostgreSQL's own, for PostgreSQL itself runs it.

How a statement is run (\`EXPLAIN\` shows it when more than one shard takes part):

| statement | where it runs |
|---|---|
| with a value of the shard key | on the shard of that value, in the client's own words |
| reference tables only, or no table | on any shard |
| unsharded tables, sequences, advisory locks, NOTIFY | on the home shard |
| SELECT over several shards | on every shard at once, merged while it streams; what cannot be merged is gathered on one shard and finished by PostgreSQL there |
| INSERT of several rows, COPY | every row on the shard of its key |
| INSERT .. SELECT | on every shard by itself if the shard keys agree, else the rows travel |
| UPDATE, DELETE | on every shard that may have a row |
| writes to a reference table | on every shard |
| DDL, roles, GRANT, TRUNCATE | on every shard, in one distributed transaction |

Known limits that no error tells of:

- A reference table, in COPY .. FROM STDIN and in a parameter of UPDATE: every shard reads the words \`now\`, \`today\`,
  \`tomorrow\` and \`yesterday\` for a column of date or time by itself, so the copies may differ. Write the time itself, as
  COPY .. TO and pg_dump do. (INSERT evaluates them once.)
- In a write to several shards, \`now()\` and defaults that call it are evaluated by each shard: rows of one statement, or
  of one transaction, may differ by the milliseconds between the shards. Pass the time as a value where that matters.
`;

/** The page as Markdown; a test compares it with the file. */
export function sqlSupportPage(): string {
  const own = new Set([queryRefusals, statementRefusals, copyRefusals].flatMap((list) => Object.keys(list)));
  const general = Object.fromEntries(Object.entries(refusals).filter(([code]) => !own.has(code)));
  return [
    introduction,
    section("In general", general),
    section("SELECT, UPDATE, DELETE, MERGE", queryRefusals),
    section("INSERT, COPY, DDL and other statements", statementRefusals),
    section("While rows move", copyRefusals),
    section("Distributing tables, and changing them later", distributionRefusals),
  ].join("\n");
}

function section(title: string, list: Readonly<Record<string, Listed>>): string {
  const entries = Object.entries(list).sort(([left], [right]) => (left < right ? -1 : 1));
  return [`## ${title}\n`, ...entries.map(([code, refusal]) => entry(code, refusal))].join("\n");
}

function entry(code: string, { sqlstate, message, hint, why }: Listed): string {
  return `### ${code}: ${shown(message)}

${why}

Instead: ${shown(hint)} (SQLSTATE ${sqlstate})
`;
}

/** The place of the argument. */
function shown(text: string): string {
  return text.replaceAll("{}", "...").replaceAll("<", "&lt;");
}
