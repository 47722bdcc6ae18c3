// Who is on the other end of a connection, and whether he may ask for what he asks for.
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { type Call, mayCall } from "../../src/agent-api/callers.ts";
import { ApiError } from "./api-error.ts";

/** Throws ApiError: 401 for who has no certificate, 403 for who has none of this cluster, or may not. */
export function checkCaller(request: IncomingMessage, call: Call): void {
  const { socket } = request;
  const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
  // Without a certificate there is an empty object.
  const name: unknown = certificate?.subject?.CN;
  if (!(socket instanceof TLSSocket) || certificate?.raw === undefined) {
    throw new ApiError(401, "no-certificate", "this needs a client certificate of the cluster's authority");
  }
  if (!socket.authorized) {
    const reason = String((socket.authorizationError as Error & { code?: string })?.code ?? socket.authorizationError);
    throw new ApiError(403, "not-trusted", `the client certificate is not one of the cluster's authority (${reason})`);
  }
  if (typeof name !== "string" || !mayCall(name, call)) {
    throw new ApiError(
      403,
      "not-allowed",
      `the holder of the certificate, ${JSON.stringify(name)}, may not ask for ${call}`,
    );
  }
}
