// Which session a cancel request means: a process id and a secret that only the session's client was told.
import { randomBytes, randomInt, timingSafeEqual } from "node:crypto";

export interface CancelKey {
  readonly processId: number;
  readonly secret: Buffer;
}

export class CancelKeys {
  #sessions = new Map<number, { readonly secret: Buffer; cancel(): void }>();

  /** `secretBytes`: 4 in protocol 3.0; more where the client understands it. */
  add(cancel: () => void, secretBytes: number): CancelKey {
    let processId: number;
    do {
      processId = randomInt(1, 0x7fffffff);
    } while (this.#sessions.has(processId));
    const secret = randomBytes(secretBytes);
    this.#sessions.set(processId, { secret, cancel });
    return { processId, secret };
  }

  remove({ processId }: CancelKey): void {
    this.#sessions.delete(processId);
  }

  /** Does nothing when there is no such session: PostgreSQL does not tell either. */
  cancel(processId: number, secret: Buffer): void {
    const session = this.#sessions.get(processId);
    if (session === undefined || session.secret.length !== secret.length) return;
    if (timingSafeEqual(session.secret, secret)) session.cancel();
  }
}
