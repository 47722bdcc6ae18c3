// Messages are read and written as PostgreSQL does; what is cut off is an error.
import { serialize } from "pg-protocol";
import { describe, expect, test } from "vitest";
import { encodeErrorFields, parseErrorFields, ShardError } from "../../../src/pgwire/error-fields.ts";
import { bindMessage, parseMessage } from "../../../src/pgwire/frontend-encode.ts";
import {
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
} from "../../../src/pgwire/frontend-message.ts";
import { backend } from "../../../src/pgwire/message-type.ts";
import { encodeRowDescription, gatewayField, parseRowDescription } from "../../../src/pgwire/row-description.ts";
import { parseStartupPacket } from "../../../src/pgwire/startup-packet.ts";

describe("messages of clients", () => {
  const bind = serialize.bind({ portal: "p", statement: "s", values: ["one", null, Buffer.from([1, 2])] });
  const parse = serialize.parse({ name: "s", text: "select $1", types: [23, 0] });

  test("Bind tells names, formats and where the values are", () => {
    const { portal, statement, parameters, resultFormats } = decodeBind(bind);
    expect({ portal, statement, count: parameters.count, formats: parameters.formats, resultFormats }).toEqual({
      portal: "p",
      statement: "s",
      count: 3,
      formats: [0, 0, 1],
      resultFormats: [0],
    });
    expect(parameters.lengths).toEqual([3, -1, 2]);
    expect(parameters.bytes.toString("utf8", parameters.starts[0], parameters.starts[0]! + 3)).toBe("one");
  });

  test("Parse and Bind go on under another name and are otherwise the same", () => {
    expect(decodeBind(bindMessage("q", "t", decodeBind(bind).rest))).toMatchObject({ portal: "q", statement: "t" });
    expect(bindMessage("p", "s", decodeBind(bind).rest).equals(bind)).toBe(true);
    expect(parseMessage("s", decodeParse(parse).rest).equals(parse)).toBe(true);
  });

  test("a message cut off anywhere is an error of the protocol, never a crash", () => {
    for (const [message, decode] of [
      [bind, decodeBind],
      [parse, decodeParse],
      [serialize.execute({ portal: "p", rows: 5 }), decodeExecute],
      [serialize.describe({ type: "P", name: "p" }), decodeTarget],
      [serialize.query("select 1"), decodeQuery],
    ] as const) {
      decode(message);
      for (let length = 5; length < message.length; length++) {
        expect(() => decode(message.subarray(0, length))).toThrow(expect.objectContaining({ name: "SqlError" }));
      }
      expect(() => decode(Buffer.concat([message, Buffer.from([0])]))).toThrow(/invalid message format/);
    }
  });

  test("a startup packet cut off anywhere is an error, never a crash", () => {
    const packet = serialize.startup({ user: "u", database: "d" });
    expect(parseStartupPacket(packet)).toMatchObject({ kind: "startup", major: 3, minor: 0 });
    for (let length = 8; length < packet.length - 1; length++) {
      try {
        parseStartupPacket(packet.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ name: "SqlError" });
      }
    }
  });
});

describe("messages of servers", () => {
  test("all fields of an error go through; the position moves with the statement", () => {
    const message = encodeErrorFields(backend.errorResponse, {
      code: "42703",
      message: "no ä",
      detail: "d",
      hint: "h",
      position: 8,
      table: "t",
    });
    const error = new ShardError(message);
    expect(error.fields).toMatchObject({ code: "42703", message: "no ä", detail: "d", hint: "h" });
    expect(parseErrorFields(error.encode(backend.errorResponse, 10)).get("P")).toBe("18");
    expect(parseErrorFields(error.encode(backend.errorResponse, undefined)).has("P")).toBe(false);
    expect(parseErrorFields(error.encode(backend.errorResponse, 0))).toEqual(parseErrorFields(message));
  });

  test("RowDescription is written as it is read", () => {
    const fields = [gatewayField("a", 23, 4), { ...gatewayField("ä b", 25), format: 1, typeModifier: 20 }];
    expect(parseRowDescription(encodeRowDescription(fields))).toEqual(fields);
  });
});
