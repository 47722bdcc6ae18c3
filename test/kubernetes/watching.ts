// A watch in the background: what it has told, and what all that amounts to.
import { onTestFinished } from "vitest";
import type { Json } from "../../src/base/json.ts";
import type { StoreEvent, TopologyStore } from "../../src/topology/store.ts";
import { eventually } from "../support/eventually.ts";

export interface Watching {
  readonly events: readonly StoreEvent[];
  count(kind: StoreEvent["kind"]): number;
  /** Of all documents, as they are according to what has been told. */
  values(): Readonly<Record<string, Json>>;
  /** Waits for one more of them than there are now. */
  oneMore(kind: StoreEvent["kind"]): Promise<void>;
}

/** Ends with the test. */
export function watchAll(store: TopologyStore): Watching {
  const controller = new AbortController();
  const events: StoreEvent[] = [];
  let failure: unknown;
  const ended = (async () => {
    for await (const event of store.watch("", controller.signal)) events.push(event);
  })().catch((error: unknown) => {
    failure = error;
  });
  onTestFinished(async () => {
    controller.abort();
    await ended;
    if (failure !== undefined) throw failure;
  });
  const count = (kind: StoreEvent["kind"]) => events.filter((event) => event.kind === kind).length;
  return {
    events,
    count,
    values() {
      let values = new Map<string, Json>();
      for (const event of events) {
        if (event.kind === "state") values = new Map(event.entries.map(({ key, value }) => [key, value]));
        else if (event.kind === "put") values.set(event.entry.key, event.entry.value);
        else if (event.kind === "delete") values.delete(event.key);
      }
      return Object.fromEntries(values);
    },
    async oneMore(kind) {
      const before = count(kind);
      await eventually(() => count(kind) > before);
    },
  };
}
