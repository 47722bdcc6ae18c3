// The names of a session's temporary tables. They hide whatever else has the same name, so a name that is gone must not
// stay: after DROP, and at the end of a transaction that has made some, PostgreSQL is asked.
import type { Lease } from "../src/pool/pool.ts";
import { Participant } from "../src/transaction/participant.ts";

export class TemporaryNames {
  #names: ReadonlySet<string> = new Set();
  /** Equal for equal names; part of cache keys. */
  key = "";
  #isChanged = false;

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  add(name: string): void {
    this.#set([...this.#names, name]);
    this.#isChanged = true;
  }

  clear(): void {
    this.#set([]);
  }

  async read(home: Participant): Promise<void> {
    const names = await home.queryText(
      "SELECT coalesce(json_agg(relname), '[]') FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()",
    );
    this.#set(JSON.parse(names) as string[]);
    this.#isChanged = true;
  }

  /** `home`: the connection that the session keeps, if it keeps one. */
  async transactionEnded(home: Lease | undefined): Promise<void> {
    if (!this.#isChanged) return;
    if (home === undefined || home.connection.isClosed) this.clear();
    // They are gone with their connection, too.
    else await this.read(new Participant(home, undefined)).catch(() => this.clear());
    this.#isChanged = false;
  }

  #set(names: readonly string[]): void {
    this.#names = new Set(names);
    this.key = [...this.#names].sort().join(",");
  }
}
