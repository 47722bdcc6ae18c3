// What a watch of ConfigMaps has to tell, and has not told yet. Of several changes of one ConfigMap the last is kept, so
// it never holds more than there are ConfigMaps, however slowly it is read.
import type { ConfigMap } from "./config-maps.ts";

export type ConfigMapEvent =
  /** All that there are. The first event; comes again when the server does not know any more what has changed since. */
  | { readonly kind: "state"; readonly configMaps: readonly ConfigMap[] }
  | { readonly kind: "put"; readonly configMap: ConfigMap }
  | { readonly kind: "delete"; readonly configMap: ConfigMap }
  /** What had happened until a moment ago has been told. */
  | { readonly kind: "current" }
  /** The server is away, or refuses. The watch goes on by itself, where it was, as soon as it can. */
  | { readonly kind: "interrupted"; readonly reason: Error };

export class ConfigMapNews {
  readonly #waiting = new Map<string, ConfigMapEvent>();
  #wake = () => {};

  add(event: ConfigMapEvent): void {
    if (event.kind === "state") this.#waiting.clear();
    const slot = "configMap" in event ? `configmap ${event.configMap.name}` : event.kind;
    // What is told later than it might have been must not be told after "current".
    if (this.#waiting.delete(slot)) this.#waiting.delete("current");
    this.#waiting.set(slot, event);
    this.wake();
  }

  /** Lets `next` look at its signal again. */
  wake(): void {
    this.#wake();
  }

  /** Waits for news. undefined: the signal has been aborted. */
  async next(signal: AbortSignal): Promise<ConfigMapEvent | undefined> {
    while (!signal.aborted) {
      const [first] = this.#waiting;
      if (first) {
        this.#waiting.delete(first[0]);
        return first[1];
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }
}
