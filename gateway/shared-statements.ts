// Prepared statements by text: clients that prepare the same text share one statement per shard connection, whatever
// they call it.
import type { NeededStatement } from "../src/pgclient/server-connection.ts";
import { parseTextMessage } from "../src/pgwire/frontend-encode.ts";
import type { Plan } from "../src/planner/plan.ts";
import { type Normalized, normalize } from "../src/sql/normalize.ts";

export class SharedStatement implements NeededStatement {
  readonly name: string;
  readonly text: string;
  /** As in Parse; 0: PostgreSQL infers it. */
  readonly declaredTypes: readonly number[];
  readonly normalized: Normalized | undefined;
  readonly parse: Buffer;
  /** All known, once a shard has described the statement. */
  parameterTypes: readonly number[] | undefined;
  /** The plan of last time, and what it was made for. */
  planned: { readonly key: string; readonly plan: Plan } | undefined;

  constructor(name: string, text: string, declaredTypes: readonly number[]) {
    this.name = name;
    this.text = text;
    this.declaredTypes = declaredTypes;
    this.normalized = normalize(text);
    this.parse = parseTextMessage(name, text, declaredTypes);
    if (!declaredTypes.includes(0) && declaredTypes.length >= (this.normalized?.parameterMax ?? Number.MAX_VALUE)) {
      this.parameterTypes = declaredTypes;
    }
  }
}

const statementsMax = 20_000;

export class SharedStatements {
  #byText = new Map<string, SharedStatement>();
  #byName = new Map<string, SharedStatement>();
  #count = 0;

  get(text: string, declaredTypes: readonly number[]): SharedStatement {
    const key = declaredTypes.length === 0 ? text : `${declaredTypes.join()} ${text}`;
    let statement = this.#byText.get(key);
    if (statement === undefined) {
      statement = new SharedStatement(`sg_${++this.#count}`, text, declaredTypes);
      if (this.#byText.size >= statementsMax) {
        const [oldest, { name }] = this.#byText.entries().next().value!;
        this.#byText.delete(oldest);
        this.#byName.delete(name);
      }
      this.#byText.set(key, statement);
      this.#byName.set(statement.name, statement);
    }
    return statement;
  }

  /** By the name that it has on the shards; undefined once it has been forgotten. */
  named(name: string): SharedStatement | undefined {
    return this.#byName.get(name);
  }
}
