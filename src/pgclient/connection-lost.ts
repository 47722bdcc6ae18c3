// A connection to a server that is gone. `retry` "safe": nothing of the request has been sent.
import { AppError } from "../base/app-error.ts";

export interface ServerIdentity {
  readonly shard: string;
  /** Another one for each start of a server, and for each server. */
  readonly run: string;
}

export class ConnectionLost extends AppError {
  /** undefined: nobody knows, because it was lost while it was opened. */
  readonly server: ServerIdentity | undefined;

  /** `reason`: the FATAL error that the server has sent (ShardError), or what the system says; undefined: it has just closed. */
  constructor(reason: unknown, retry: "never" | "safe", server: ServerIdentity | undefined) {
    const message = reason instanceof Error ? reason.message : "server closed the connection";
    super("server-connection-lost", message, { retry, cause: reason });
    this.server = server;
  }
}
