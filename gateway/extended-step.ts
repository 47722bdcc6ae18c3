// The messages of the extended query protocol that wait for their Sync, decoded.
import {
  type BindMessage,
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeTarget,
  type ParseMessage,
  type TargetMessage,
} from "../src/pgwire/frontend-message.ts";
import { frontend } from "../src/pgwire/message-type.ts";

export type ExtendedMessage =
  | typeof frontend.parse
  | typeof frontend.bind
  | typeof frontend.describe
  | typeof frontend.execute
  | typeof frontend.close
  | typeof frontend.flush
  | typeof frontend.sync;

export const extendedMessages: ReadonlySet<number> = new Set([
  frontend.parse,
  frontend.bind,
  frontend.describe,
  frontend.execute,
  frontend.close,
  frontend.flush,
  frontend.sync,
]);

export type Step =
  | { readonly kind: "parse"; readonly message: ParseMessage; readonly bytes: Buffer }
  | { readonly kind: "bind"; readonly message: BindMessage; readonly bytes: Buffer }
  | { readonly kind: "describe" | "close"; readonly message: TargetMessage; readonly bytes: Buffer }
  | { readonly kind: "execute"; readonly portal: string; readonly rowLimit: number; readonly bytes: Buffer };

export function decodeStep(type: ExtendedMessage, bytes: Buffer): Step {
  switch (type) {
    case frontend.parse:
      return { kind: "parse", message: decodeParse(bytes), bytes };
    case frontend.bind:
      return { kind: "bind", message: decodeBind(bytes), bytes };
    case frontend.describe:
      return { kind: "describe", message: decodeTarget(bytes), bytes };
    case frontend.close:
      return { kind: "close", message: decodeTarget(bytes), bytes };
    default:
      return { kind: "execute", ...decodeExecute(bytes), bytes };
  }
}
