// The socket below a replication connection: TCP, the Unix socket of a directory, or TLS over TCP (manual: "SSL Session
// Encryption" of the protocol: a request, one byte of answer, then TLS).
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AppError } from "../../src/base/app-error.ts";
import type { ServerAddress } from "../../src/pgclient/server-connection.ts";

/** Length and code, which is no version of the protocol. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * `authority`: certificate of whoever has signed the server's; with it, TCP goes by TLS or not at all. Without TLS the
 * socket may still be connecting. Throws AppError "no-tls" when the server does not speak it, the error of the connection,
 * or the reason of the signal.
 */
export async function replicationSocket(
  { host, port }: ServerAddress,
  authority: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  if (host.startsWith("/")) return connect({ path: `${host}/.s.PGSQL.${port}` });
  const plain = connect({ host, port, noDelay: true, keepAlive: true });
  if (authority === undefined) return plain;
  const abort = () => plain.destroy(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  signal.addEventListener("abort", abort);
  try {
    plain.write(sslRequest);
    const [answer] = (await once(plain, "data")) as [Buffer];
    // More than the one byte would be from somebody in between.
    if (answer.toString("latin1") !== "S") throw new AppError("no-tls", `${host}:${port} does not speak TLS`);
    // Tablets are known by who signed their certificates; their addresses change.
    const secure = connectTls({ socket: plain, ca: authority, checkServerIdentity: () => undefined });
    await once(secure, "secureConnect");
    return secure;
  } catch (error) {
    plain.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
