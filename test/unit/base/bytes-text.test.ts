// Numbers of bytes for people.
import { expect, test } from "vitest";
import { bytesText } from "../../../src/base/bytes-text.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1023 bytes"],
  [1024, "1.0 kB"],
  [1024 * 1024 - 1, "1.0 MB"],
  [9.94 * 1024, "9.9 kB"],
  [9.96 * 1024, "10 kB"],
  [52.4 * 1024 ** 3, "52 GB"],
  [2 ** 53, "8.0 PB"],
  [2 ** 70, "1048576 PB"],
])("%d is %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
