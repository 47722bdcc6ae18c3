// In which order the versions of each key came, as far as clients have seen it.
import { type Key, unwritten, type Value } from "./history.ts";

export interface KeyOrder {
  /**
   * Pieces of the order, each without a gap; the one that begins it begins with `unwritten`. A list has one piece; a
   * register has more where an answer was lost.
   */
  readonly chains: readonly (readonly Value[])[];
  /** Nothing that stays has been written to the key but what stands in its one chain. */
  readonly isComplete: boolean;
}

interface Place {
  readonly chain: readonly Value[];
  readonly index: number;
}

export class VersionOrder {
  readonly keys: ReadonlyMap<Key, KeyOrder>;
  #places = new Map<Value, Place>();
  #beginnings = new Map<Key, Place>();

  constructor(keys: ReadonlyMap<Key, KeyOrder>) {
    this.keys = keys;
    for (const [key, { chains }] of keys) {
      for (const chain of chains) {
        for (const [index, value] of chain.entries()) {
          if (value === unwritten) this.#beginnings.set(key, { chain, index });
          else this.#places.set(value, { chain, index });
        }
      }
    }
  }

  has(value: Value): boolean {
    return this.#places.has(value);
  }

  /** The versions that came after this one, next first; none where nothing is known of it. */
  after(key: Key, version: Value): readonly Value[] {
    const place = this.#place(key, version);
    return place === undefined ? [] : place.chain.slice(place.index + 1);
  }

  next(key: Key, version: Value): Value | undefined {
    const place = this.#place(key, version);
    return place?.chain[place.index + 1];
  }

  /** undefined also for the first one. */
  previous(key: Key, version: Value): Value | undefined {
    const place = this.#place(key, version);
    return place?.chain[place.index - 1] || undefined;
  }

  /** Whether it is known that `version` came later than `other`. */
  isLater(key: Key, version: Value, other: Value): boolean {
    const [place, otherPlace] = [this.#place(key, version), this.#place(key, other)];
    if (place === undefined || otherPlace === undefined || place.chain !== otherPlace.chain) return false;
    return place.index > otherPlace.index;
  }

  #place(key: Key, version: Value): Place | undefined {
    return version === unwritten ? this.#beginnings.get(key) : this.#places.get(version);
  }
}
