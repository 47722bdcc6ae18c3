// Answers that are asked for once: a bounded map from key to promise; what failed is asked again.

export class Remembered<T> {
  #entries = new Map<string, Promise<T>>();
  #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const asked = ask();
    if (this.#entries.size >= this.#max) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, asked);
    asked.catch(() => this.#entries.delete(key));
    return asked;
  }

  clear(): void {
    this.#entries.clear();
  }
}
