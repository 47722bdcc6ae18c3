// The start of a connection to a server: trust, clear-text password (only over a local socket) or SCRAM-SHA-256.
import { serialize } from "pg-protocol";
import type { AppError } from "../base/app-error.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { backend } from "../pgwire/message-type.ts";
import { ScramClient, type ScramSecret } from "../pgwire/scram.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { type AnswerHandler, watch } from "./answer-handler.ts";

const watched = watch(
  backend.authentication,
  backend.errorResponse,
  backend.parameterStatus,
  backend.negotiateProtocolVersion,
);

/** `finish` is called once: without an error when the server is ready for queries. */
export function authenticate(
  secret: ScramSecret | undefined,
  send: (bytes: Buffer) => void,
  finish: (error: Error | undefined) => void,
): AnswerHandler {
  let scram: ScramClient | undefined;
  const answer = (message: Buffer): void => {
    const data = () => message.toString("utf8", 9);
    switch (message.readInt32BE(5)) {
      case 0:
        return;
      case 10:
        if (secret === undefined) throw wrongMethod("the server asks for a password, and none is known");
        scram = new ScramClient(secret);
        send(serialize.sendSASLInitialResponseMessage("SCRAM-SHA-256", scram.first()));
        return;
      case 11:
        if (scram === undefined) throw wrongMethod("unexpected SASL message");
        send(serialize.sendSCRAMClientFinalMessage(scram.final(data())));
        return;
      case 12:
        scram?.verify(data());
        return;
      default:
        throw wrongMethod("the server asks for an authentication method other than SCRAM-SHA-256");
    }
  };
  return {
    watched,
    wholeMessages: true,
    forward: () => false,
    message(type, message) {
      try {
        if (type === backend.authentication) answer(message);
        else if (type === backend.errorResponse) finish(new ShardError(Buffer.from(message)));
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)));
      }
      return false;
    },
    ready: () => finish(undefined),
    lost: (error: AppError) => finish(error),
  };
}

function wrongMethod(message: string): SqlError {
  return new SqlError({ severity: "FATAL", code: "28000", message });
}
