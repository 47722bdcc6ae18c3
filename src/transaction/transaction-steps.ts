// What a transaction has done to its own state: settings and savepoints. Shards that join later are told, and going back to
// a savepoint takes back what came behind it.
import { SqlError } from "../pgwire/sql-error.ts";
import type { SessionSettings } from "../pool/session-settings.ts";

/** By name; undefined: as the session began. */
type LocalSettings = ReadonlyMap<string, string | undefined>;

type Step =
  | { readonly kind: "sql"; readonly sql: string }
  | {
      readonly kind: "savepoint";
      readonly name: string;
      readonly settingsBefore: SessionSettings;
      readonly localBefore: LocalSettings;
    };

export class TransactionSteps {
  /** Of the session when the transaction commits. */
  settings: SessionSettings;
  /** Settings under SET LOCAL, for what the gateway itself must know. */
  #local = new Map<string, string | undefined>();
  #steps: Step[] = [];

  constructor(settings: SessionSettings) {
    this.settings = settings;
  }

  /** What a shard that joins now must be told; "" when there is nothing. */
  get sql(): string {
    return this.#steps.map((step) => (step.kind === "sql" ? step.sql : savepointSql(step.name))).join("; ");
  }

  /** The value of a setting as statements of the transaction see it. */
  setting(name: string): string | undefined {
    return this.#local.has(name) ? this.#local.get(name) : this.settings.get(name);
  }

  add(sql: string): void {
    this.#steps.push({ kind: "sql", sql });
  }

  set(name: string, value: string | undefined, scope: "session" | "local"): void {
    if (scope === "local") {
      this.#local.set(name, value);
      return;
    }
    if (name !== "all") this.settings = this.settings.with(name, value);
    this.#local.delete(name);
  }

  /** RESET ALL. */
  replaceSettings(settings: SessionSettings): void {
    this.settings = settings;
    this.#local.clear();
  }

  /** Name of the innermost savepoint. */
  get lastSavepoint(): string | undefined {
    const step = this.#steps.findLast(({ kind }) => kind === "savepoint");
    return step?.kind === "savepoint" ? step.name : undefined;
  }

  addSavepoint(name: string): void {
    this.#steps.push({
      kind: "savepoint",
      name,
      settingsBefore: this.settings,
      localBefore: new Map(this.#local),
    });
  }

  /** Throws 3B001 when there is no such savepoint. */
  checkSavepoint(name: string): void {
    this.#find(name);
  }

  release(name: string): void {
    const at = this.#find(name);
    this.#steps = this.#steps.filter((step, index) => index < at || step.kind === "sql");
  }

  goBackTo(name: string): void {
    const at = this.#find(name);
    const step = this.#steps[at]!;
    this.#steps.length = at + 1;
    if (step.kind !== "savepoint") return;
    this.settings = step.settingsBefore;
    this.#local = new Map(step.localBefore);
  }

  #find(name: string): number {
    const at = this.#steps.findLastIndex((step) => step.kind === "savepoint" && step.name === name);
    if (at < 0) throw new SqlError({ code: "3B001", message: `savepoint "${name}" does not exist` });
    return at;
  }
}

export function quotedSavepoint(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function savepointSql(name: string): string {
  return `SAVEPOINT ${quotedSavepoint(name)}`;
}
