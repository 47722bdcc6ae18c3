// The names of the statements that one connection has prepared, oldest first.

/** Beyond this many the oldest is closed. */
const preparedStatementsMax = 400;

export class PreparedNames {
  #names = new Set<string>();

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    this.#names.add(name);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }

  /** Those that are too many. */
  surplus(): string[] {
    const surplus: string[] = [];
    for (const name of this.#names) {
      if (this.#names.size - surplus.length <= preparedStatementsMax) break;
      surplus.push(name);
    }
    return surplus;
  }
}
