// Case files: SQL that runs on both servers. A paragraph (blank lines around it) is one step and is sent as it is, so
// several statements in it are one simple query. Lines in front of it that begin with "-- " are directives, with "---"
// remarks:
//   -- writes                (at the top of the file) tables are compared after each case, and put back after the file
//   -- slow                  (at the top, too) in the normal run not once by each protocol, but once with both by turns
//   -- case: name            begins a case: a new session on both servers
//   -- gateway: sql          only the gateway gets this statement
//   -- refused: SG012        the gateway answers with this refusal, PostgreSQL succeeds
//   -- params: [1, "a"]      a prepared statement; once for each set of parameters
//   -- types: [20, 25]       object ids of the types that the client declares for the parameters
//   -- portions: 3           fetched three rows at a time from one portal
//   -- pipeline              the statements go by the extended protocol, with one Sync behind all of them
//   -- ordered, -- any order whether the order of rows counts, where the statement itself does not show it
//   -- may differ: detail    fields of an error that need not be equal, because the gateway cannot know them
//   -- simple                not repeated by the extended protocol
// COPY .. FROM STDIN is followed by its data and a line "\.".
import { readFileSync } from "node:fs";
import { basename } from "node:path";

export type ParameterValue = string | number | boolean | null;

export interface Step {
  readonly file: string;
  readonly line: number;
  readonly sql: string;
  readonly copyData: string | undefined;
  readonly gatewayOnly: boolean;
  readonly refused: string | undefined;
  readonly parameters: readonly (readonly ParameterValue[])[];
  readonly types: readonly number[];
  readonly portions: number | undefined;
  readonly isPipeline: boolean;
  readonly order: "ordered" | "any" | "as the statement says";
  readonly mayDiffer: readonly string[];
  readonly simpleOnly: boolean;
}

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface CaseFile {
  readonly name: string;
  readonly writes: boolean;
  readonly isSlow: boolean;
  readonly cases: readonly Case[];
}

type Draft = { -readonly [key in keyof Step]: Step[key] };

/** Throws for a directive that is not known, so that a misspelt one is not taken for a remark. */
export function readCaseFile(path: string): CaseFile {
  const file = basename(path);
  const lines = readFileSync(path, "utf8").split("\n");
  let [writes, isSlow] = [false, false];
  const cases: { name: string; steps: Step[] }[] = [{ name: "", steps: [] }];
  let draft = emptyDraft(file);
  let text: string[] = [];
  const finish = () => {
    if (text.length > 0) cases.at(-1)!.steps.push({ ...draft, sql: text.join("\n") });
    text = [];
    draft = emptyDraft(file);
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (text.length === 0 && line.startsWith("---")) continue;
    if (text.length === 0 && line.startsWith("-- ")) {
      const [, name = "", argument = ""] = /^-- ([a-z ]+?)(?:: (.*))?$/.exec(line) ?? [];
      if (name === "writes") writes = true;
      else if (name === "slow") isSlow = true;
      else if (name === "case") cases.push({ name: argument, steps: [] });
      else if (name === "gateway")
        cases.at(-1)!.steps.push({ ...emptyDraft(file), line: i + 1, sql: argument, gatewayOnly: true });
      else direct(draft, name, argument, `${path}:${i + 1}`);
      continue;
    }
    if (line.trim() === "") {
      finish();
      continue;
    }
    if (text.length === 0) draft.line = i + 1;
    text.push(line);
    if (/^copy .*\bfrom stdin\b.*;$/is.test(text.join("\n"))) {
      const data: string[] = [];
      while (lines[++i] !== "\\.") {
        if (lines[i] === undefined) throw new Error(`${path}:${draft.line}: COPY without a line "\\."`);
        data.push(`${lines[i]}\n`);
      }
      draft.copyData = data.join("");
      finish();
    }
  }
  finish();
  return { name: file, writes, isSlow, cases: cases.filter(({ steps }) => steps.length > 0) };
}

function emptyDraft(file: string): Draft {
  return {
    file,
    line: 0,
    sql: "",
    copyData: undefined,
    gatewayOnly: false,
    refused: undefined,
    parameters: [],
    types: [],
    portions: undefined,
    isPipeline: false,
    order: "as the statement says",
    mayDiffer: [],
    simpleOnly: false,
  };
}

function direct(draft: Draft, name: string, argument: string, place: string): void {
  switch (name) {
    case "refused":
      draft.refused = argument;
      break;
    case "params":
      draft.parameters = [...draft.parameters, JSON.parse(argument) as ParameterValue[]];
      break;
    case "types":
      draft.types = JSON.parse(argument) as number[];
      break;
    case "portions":
      draft.portions = Number(argument);
      break;
    case "pipeline":
      draft.isPipeline = true;
      break;
    case "ordered":
      draft.order = "ordered";
      break;
    case "any order":
      draft.order = "any";
      break;
    case "may differ":
      draft.mayDiffer = argument.split(/, */);
      break;
    case "simple":
      draft.simpleOnly = true;
      break;
    default:
      throw new Error(`${place}: unknown directive "${name}"`);
  }
}
