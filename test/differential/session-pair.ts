// One session on a plain PostgreSQL and one on the gateway, which get the same and should answer the same.
import type { Answer, Result } from "./answer.ts";
import { binaryParameter, textParameter } from "./binary-parameter.ts";
import type { Step } from "./case-file.ts";
import { type Comparison, compareAnswers } from "./compare-answers.ts";
import { ExtendedBatch, type Parameter } from "./extended-batch.ts";
import { isOrdered, isRead, statementWords } from "./statement-words.ts";
import { type ServerAddress, WireClient } from "./wire-client.ts";

export interface ServerPair {
  readonly postgres: ServerAddress;
  readonly gateway: ServerAddress;
}

/** What both were asked and did not answer alike. */
export interface Divergence {
  readonly place: string;
  readonly sql: string;
  readonly differences: readonly string[];
}

/** "extended": everything that is one statement goes by Parse, Bind and Execute; "mixed": every other step does. */
export type Protocol = "simple" | "extended" | "mixed";

export class SessionPair {
  readonly #postgres: WireClient;
  readonly #gateway: WireClient;
  #prepared = 0;
  #steps = 0;

  static async open({ postgres, gateway }: ServerPair): Promise<SessionPair> {
    const [first, second] = await Promise.all([WireClient.connect(postgres), WireClient.connect(gateway)]);
    return new SessionPair(first, second);
  }

  private constructor(postgres: WireClient, gateway: WireClient) {
    this.#postgres = postgres;
    this.#gateway = gateway;
  }

  close(): void {
    this.#postgres.close();
    this.#gateway.close();
  }

  /** Throws when a session is lost; the others are of no use then. */
  async run(step: Step, protocol: Protocol): Promise<Divergence[]> {
    const divergences: Divergence[] = [];
    const add = (how: string, differences: readonly string[]) => {
      const place = `${step.file}:${step.line} (${how})`;
      if (differences.length > 0) divergences.push({ place, sql: step.sql, differences });
    };
    const { sql, copyData } = step;
    if (step.gatewayOnly) {
      add("gateway only", failures(await this.#gateway.simple(sql)));
      return divergences;
    }
    if (step.refused !== undefined) {
      add("refused", await this.#checkRefusal(step));
      return divergences;
    }
    const statements = statementWords(sql);
    const comparison = comparisonOf(step, statements);
    if (step.isPipeline) {
      const batch = () => sql.split(/;\n/).reduce((all, each) => all.statement(each), new ExtendedBatch());
      add("pipeline", await this.#both(comparison, (client) => client.extended(batch())));
      return divergences;
    }
    if (step.portions !== undefined) {
      for (const differences of await this.#runInPortions(sql, step.portions, comparison)) add("portions", differences);
      return divergences;
    }
    if (step.parameters.length > 0) {
      await this.#runPrepared(step, comparison, add);
      return divergences;
    }
    const isSingle = statements.length <= 1;
    const isSimple = protocol === "simple" || (protocol === "mixed" && ++this.#steps % 2 === 0);
    if (isSimple || !isSingle || step.simpleOnly) {
      add("simple", await this.#both(comparison, (client) => client.simple(sql, copyData)));
    } else {
      const batch = () => new ExtendedBatch().statement(sql);
      add("extended", await this.#both(comparison, (client) => client.extended(batch(), copyData)));
    }
    if (!isSingle || step.simpleOnly || !isRead(statements[0] ?? [])) return divergences;
    if (isSimple) {
      const batch = () => new ExtendedBatch().statement(sql);
      add("extended", await this.#both(comparison, (client) => client.extended(batch())));
    }
    const binary = () => new ExtendedBatch().statement(sql, 1);
    add("extended, binary", await this.#both(comparison, (client) => client.extended(binary())));
    return divergences;
  }

  /** Rows as PostgreSQL gives them, in any order, and what differs at the gateway. */
  async compareRows(sql: string): Promise<{ rows: Result["rows"]; differences: string[] }> {
    const [expected, got] = await this.#answers((client) => client.simple(sql));
    const differences = compareAnswers(expected, got, { ordered: () => false, mayDiffer: [] });
    return { rows: expected.results[0]?.rows ?? [], differences };
  }

  /** `parameters` undefined: a simple query. */
  ask(sql: string, parameters: readonly string[] | undefined, isBinary: boolean): Promise<[Answer, Answer]> {
    if (parameters === undefined) return this.#answers((client) => client.simple(sql));
    const values = parameters.map(textParameter);
    return this.#answers((client) => client.extended(unnamed(sql, values, isBinary ? 1 : 0)));
  }

  async #both(comparison: Comparison, ask: (client: WireClient) => Promise<Answer>): Promise<string[]> {
    const [expected, got] = await this.#answers(ask);
    return compareAnswers(expected, got, comparison);
  }

  async #answers(ask: (client: WireClient) => Promise<Answer>): Promise<[Answer, Answer]> {
    // Both are waited for, so that a lost session of one does not leave the other in the middle of an answer.
    const [expected, got] = await Promise.allSettled([ask(this.#postgres), ask(this.#gateway)]);
    if (expected.status === "rejected") throw new Error(`PostgreSQL: ${expected.reason}`);
    if (got.status === "rejected") throw new Error(`gateway: ${got.reason}`);
    return [expected.value, got.value];
  }

  async #checkRefusal({ sql, refused, copyData, parameters }: Step): Promise<string[]> {
    const ask = (client: WireClient) =>
      parameters[0] === undefined
        ? client.simple(sql, copyData)
        : client.extended(unnamed(sql, parameters[0].map(textParameter), 0));
    // What PostgreSQL does must not stay, since the gateway does not do it.
    const state = await this.#postgres.simple("");
    if (state.status === "I") await this.#postgres.simple("BEGIN");
    const expected = await ask(this.#postgres);
    if (state.status === "I") await this.#postgres.simple("ROLLBACK");
    const differences = failures(expected).map((difference) => `PostgreSQL, too: ${difference}`);
    const got = await ask(this.#gateway);
    const error = got.results.find((result) => result.error)?.error;
    if (error?.message?.includes(`[${refused}]`) !== true) {
      differences.push(`expected the refusal ${refused}, got ${error?.message ?? "an answer"}`);
    }
    return differences;
  }

  /** Needs a transaction, since a portal does not outlive its transaction. */
  async #runInPortions(sql: string, rows: number, comparison: Comparison): Promise<string[][]> {
    const portal = `portal ${++this.#prepared}`;
    const first = () => new ExtendedBatch().parse("", sql).bind(portal, "", [], 0).describe("portal", portal);
    const differences = [await this.#both(comparison, (client) => client.extended(first().execute(portal, rows)))];
    for (let portion = 1; portion < portionsMax && differences.flat().length === 0; portion++) {
      const next = () => new ExtendedBatch().execute(portal, rows);
      const [expected, got] = await this.#answers((client) => client.extended(next()));
      differences.push(compareAnswers(expected, got, comparison));
      if (expected.results[0]?.tag !== "(suspended)") break;
    }
    return differences;
  }

  /** Each set of parameters as text, and then in binary with results in binary. */
  async #runPrepared(
    step: Step,
    comparison: Comparison,
    add: (how: string, differences: readonly string[]) => void,
  ): Promise<void> {
    const name = `p${++this.#prepared}`;
    const [expected, got] = await this.#answers((client) =>
      client.extended(new ExtendedBatch().parse(name, step.sql, step.types).describe("statement", name)),
    );
    add("prepare", compareAnswers(expected, got, comparison));
    if (expected.parameterTypes === undefined || got.parameterTypes === undefined) return;
    const types = expected.parameterTypes;
    const isHarmless = isRead(statementWords(step.sql)[0] ?? []) && !step.simpleOnly;
    for (const values of step.parameters) {
      const shown = JSON.stringify(values);
      const texts = values.map(textParameter);
      const binaries = values.map((value, i) => binaryParameter(value, types[i] ?? 0));
      add(`text ${shown}`, await this.#both(comparison, (client) => client.extended(execution(name, texts, 0))));
      if (!isHarmless) continue;
      add(`binary ${shown}`, await this.#both(comparison, (client) => client.extended(execution(name, binaries, 1))));
    }
  }
}

const portionsMax = 100;

function execution(statement: string, parameters: readonly Parameter[], format: 0 | 1): ExtendedBatch {
  return new ExtendedBatch().bind("", statement, parameters, format).describe("portal", "").execute("");
}

function unnamed(sql: string, parameters: readonly Parameter[], format: 0 | 1): ExtendedBatch {
  return new ExtendedBatch().parse("", sql).bind("", "", parameters, format).describe("portal", "").execute("");
}

function comparisonOf({ order, mayDiffer }: Step, statements: readonly (readonly string[])[]): Comparison {
  return {
    ordered: (result) => order === "ordered" || (order !== "any" && isOrdered(statements[result] ?? [])),
    mayDiffer,
  };
}

function failures({ results }: Answer): string[] {
  return results.flatMap(({ error }) => (error === undefined ? [] : [`${error.code}: ${error.message}`]));
}
