// What a handler and the connection see of a byte stream does not depend on how the stream is cut.
import { describe, expect, test } from "vitest";
import type { AnswerHandler } from "../../../src/pgclient/answer-handler.ts";
import { watch } from "../../../src/pgclient/answer-handler.ts";
import { AnswerReader } from "../../../src/pgclient/answer-reader.ts";
import {
  bindComplete,
  commandComplete,
  dataRow,
  parameterStatus,
  readyForQuery,
} from "../../../src/pgwire/backend-message.ts";
import { backend, transactionStatus } from "../../../src/pgwire/message-type.ts";

const stream = Buffer.concat([
  bindComplete,
  dataRow(["one", null]),
  dataRow(["x".repeat(200)]),
  parameterStatus("TimeZone", "UTC"),
  dataRow(["three"]),
  commandComplete("SELECT 3"),
  readyForQuery(transactionStatus.idle),
]);

/** What a handler and the connection see, with consecutive forwarded bytes put together. */
function read(chunks: readonly Buffer[], options: { wholeMessages: boolean; includesReady?: boolean }): string[] {
  const seen: string[] = [];
  let forwarded = Buffer.alloc(0);
  const flush = () => {
    if (forwarded.length > 0) seen.push(`forward ${forwarded.toString("latin1")}`);
    forwarded = Buffer.alloc(0);
  };
  const handler: AnswerHandler = {
    ...options,
    watched: watch(backend.commandComplete),
    forward(bytes) {
      if (options.wholeMessages) {
        let at = 0;
        while (at < bytes.length) at += 1 + bytes.readInt32BE(at + 1);
        expect(at).toBe(bytes.length);
      }
      forwarded = Buffer.concat([forwarded, bytes]);
      return false;
    },
    message(type) {
      flush();
      seen.push(`message ${String.fromCharCode(type)}`);
      return false;
    },
    ready: () => seen.push("ready"),
    lost: () => {},
  };
  let isDone = false;
  const reader = new AnswerReader({
    current: () => (isDone ? undefined : handler),
    own(type) {
      flush();
      seen.push(`own ${String.fromCharCode(type)}`);
      if (type === backend.readyForQuery) isDone = true;
      return type === backend.readyForQuery;
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  flush();
  return seen;
}

describe("AnswerReader", () => {
  for (const options of [
    { wholeMessages: false },
    { wholeMessages: true },
    { wholeMessages: false, includesReady: true },
    { wholeMessages: true, includesReady: true },
  ]) {
    test(`the same is seen wherever the stream is split (${JSON.stringify(options)})`, () => {
      const whole = read([stream], options);
      expect(whole).toContain("message C");
      for (let at = 1; at < stream.length; at++) {
        expect(read([stream.subarray(0, at), stream.subarray(at)], options), `split at ${at}`).toEqual(whole);
      }
      expect(
        read(
          [...stream].map((byte) => Buffer.from([byte])),
          options,
        ),
      ).toEqual(whole);
    });
  }

  test("ReadyForQuery leaves together with what came before it when the handler wants that", () => {
    const last = read([stream], { wholeMessages: false, includesReady: true }).at(-2);
    expect(last).toContain("Z");
  });
});
