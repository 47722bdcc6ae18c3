// A cancel request for a client's session, as psql sends one at Ctrl-C: over a connection of its own.
import { RawClient } from "./raw-client.ts";

/** `client`: of `pg`, or what the server has told to another one. Resolves when the server has taken the request. */
export async function cancelRequest(port: number, client: object): Promise<void> {
  const { processID, secretKey } = client as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  for (const [i, word] of [16, 80877102, processID, secretKey].entries()) request.writeInt32BE(word, 4 * i);
  const canceller = await RawClient.open(port);
  canceller.socket.write(request);
  await canceller.closed();
}
