// Servers that do not behave: silent ones, ones that send too much or the wrong thing.
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { authenticationOk, commandComplete, readyForQuery } from "../../../src/pgwire/backend-message.ts";
import { encodeErrorFields } from "../../../src/pgwire/error-fields.ts";
import { backend, transactionStatus } from "../../../src/pgwire/message-type.ts";
import { ReplicationConnection } from "../../../tablet-agent/postgres/replication-connection.ts";

const ready = readyForQuery(transactionStatus.idle);
const welcome = Buffer.concat([authenticationOk, ready]);

interface Script {
  /** To the startup packet, then to one query after the other; undefined: nothing. */
  readonly answers: readonly (Buffer | undefined)[];
  readonly signal?: AbortSignal;
  readonly silenceLimitMs?: number;
}

async function open({ answers, signal, silenceLimitMs }: Script): Promise<ReplicationConnection> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    const left = [...answers];
    socket.on("data", () => {
      const answer = left.shift();
      if (answer) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const connection = await ReplicationConnection.open(
    { host: "127.0.0.1", port: address.port },
    { user: "replicator", secret: undefined },
    { signal: signal ?? new AbortController().signal, silenceLimitMs: silenceLimitMs ?? 20_000 },
  );
  onTestFinished(() => connection.close());
  return connection;
}

test("a server that says nothing is given up, while logging in and later", async () => {
  await expect(open({ answers: [], silenceLimitMs: 50 })).rejects.toMatchObject({ code: "server-silent" });
  const connection = await open({ answers: [welcome], silenceLimitMs: 50 });
  await expect(connection.rows("IDENTIFY_SYSTEM")).rejects.toMatchObject({ code: "server-silent" });
});

test("an abort ends the wait for a server, while logging in and later", async () => {
  const login = new AbortController();
  const opening = open({ answers: [], signal: login.signal });
  login.abort(new Error("enough"));
  await expect(opening).rejects.toThrow("enough");

  const query = new AbortController();
  const connection = await open({ answers: [welcome], signal: query.signal });
  const rows = connection.rows("IDENTIFY_SYSTEM");
  query.abort(new Error("enough"));
  await expect(rows).rejects.toThrow("enough");
});

test("a message of absurd length is refused before it has come", async () => {
  const connection = await open({ answers: [welcome, Buffer.from("d\x7f\x7f\x7f\x7f")] });
  await expect(connection.rows("IDENTIFY_SYSTEM")).rejects.toMatchObject({ fields: { code: "08P01" } });
});

test("a message that has no place here is refused", async () => {
  const connection = await open({ answers: [welcome, Buffer.from("W\0\0\0\x07\0\0\0")] });
  await expect(connection.rows("START_REPLICATION 0/1")).rejects.toMatchObject({ code: "protocol-violation" });
});

test("after an error the connection can be used again", async () => {
  const error = encodeErrorFields(backend.errorResponse, { code: "42710", message: "it exists" });
  const connection = await open({
    answers: [welcome, Buffer.concat([error, ready]), Buffer.concat([commandComplete("SELECT"), ready])],
  });
  await expect(connection.rows("CREATE_REPLICATION_SLOT a PHYSICAL")).rejects.toThrow("it exists");
  expect(await connection.rows("IDENTIFY_SYSTEM")).toEqual([]);
});
