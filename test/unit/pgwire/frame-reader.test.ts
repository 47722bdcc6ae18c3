// Messages come out of a byte stream the same, however it is cut.
import { serialize } from "pg-protocol";
import { describe, expect, test } from "vitest";
import { type Frame, FrameReader } from "../../../src/pgwire/frame-reader.ts";

const messages = [
  serialize.query("select 1"),
  serialize.sync(),
  serialize.copyData(Buffer.alloc(300, 7)),
  serialize.flush(),
];
const stream = Buffer.concat(messages);

function read(chunks: readonly Buffer[], maxBytes = 1000): Frame[] {
  const reader = new FrameReader(maxBytes);
  const frames: Frame[] = [];
  for (const chunk of chunks) reader.push(chunk, frames);
  expect(reader.bufferedBytes).toBe(0);
  return frames;
}

describe("FrameReader", () => {
  test("messages of one chunk are slices of it", () => {
    const frames = read([stream]);
    expect(frames.map(({ bytes }) => bytes)).toEqual(messages);
    for (const { bytes } of frames) expect(bytes.buffer).toBe(stream.buffer);
  });

  test("a stream split at any byte gives the same messages", () => {
    for (let at = 0; at <= stream.length; at++) {
      const frames = read([stream.subarray(0, at), stream.subarray(at)]);
      expect(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(stream)).toBe(true);
      expect(frames.length).toBe(messages.length);
    }
  });

  test("a stream that comes byte by byte gives the same messages", () => {
    const frames = read([...stream].map((byte) => Buffer.from([byte])));
    expect(frames.map(({ bytes }) => bytes)).toEqual(messages);
  });

  test("an impossible length is an error before the body is collected, also when the header is split", () => {
    for (const length of [3, 0, -1, 1001, 0x7fffffff]) {
      const header = Buffer.from([0x51, 0, 0, 0, 0]);
      header.writeInt32BE(length, 1);
      expect(() => read([header])).toThrow("invalid message length");
      expect(() => read([header.subarray(0, 2), header.subarray(2)])).toThrow("invalid message length");
    }
  });
});
