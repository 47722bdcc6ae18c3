// Bytes of UTF-8 and UTF-16 units of the same text, at every character.
import { expect, test } from "vitest";
import { byteOffsets } from "../../../src/sql/byte-offsets.ts";

test.each(["", "abc", "é", "aéb日c😀d", "😀😀", "\u007f\u0080\u07ff\u0800"])("%j: bytes and UTF-16 units", (text) => {
  const offsets = byteOffsets(text);
  let units = 0;
  for (const character of text) {
    const bytes = Buffer.byteLength(text.slice(0, units));
    expect(offsets.toByte(units)).toBe(bytes);
    for (let inside = 0; inside < Buffer.byteLength(character); inside++)
      expect(offsets.toUtf16(bytes + inside)).toBe(units);
    units += character.length;
  }
  expect(offsets.toByte(text.length)).toBe(Buffer.byteLength(text));
  expect(offsets.toUtf16(Buffer.byteLength(text))).toBe(text.length);
});
