// What is written into the topology is read back as it was, or not at all.
import { expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import { bucketCount } from "../../../src/sharding/bucket-count.ts";
import { decodeOwners, encodeOwners } from "../../../src/sharding/owners-text.ts";

const owners = Uint16Array.from({ length: bucketCount }, (_, bucket) => (bucket * 7919) % 65535);

test("owners come back as they were", () => {
  expect(decodeOwners(encodeOwners(owners))).toEqual(owners);
});

test("the text is little-endian base64", () => {
  expect(encodeOwners(new Uint16Array(bucketCount).fill(0x0102)).slice(0, 8)).toBe("AgECAQIB");
});

test("damaged text is an error", () => {
  const text = encodeOwners(owners);
  const damaged = [
    "",
    "AgEC",
    text.slice(4),
    `${text}AAAA`,
    ` ${text}`,
    `${text}\n`,
    text.replace("=", ""),
    `*${text.slice(1)}`,
  ];
  for (const bad of damaged) expect(() => decodeOwners(bad)).toThrow(AppError);
});

test("owners of fewer buckets cannot be written", () => {
  expect(() => encodeOwners(new Uint16Array(5))).toThrow("a bucket map has an owner for each bucket");
});
