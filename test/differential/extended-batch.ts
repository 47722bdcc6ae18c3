// Messages of the extended protocol in the order in which a test wants them, sent in one piece.
import { frontend } from "../../src/pgwire/message-type.ts";
import { MessageWriter } from "../../src/pgwire/message-writer.ts";

export interface Parameter {
  /** 0 text, 1 binary. */
  readonly format: 0 | 1;
  readonly value: Buffer | null;
}

export class ExtendedBatch {
  readonly #writer = new MessageWriter();

  /** `types`: object ids; 0 and what is left out is for the server to find. */
  parse(name: string, sql: string, types: readonly number[] = []): this {
    this.#writer.begin(frontend.parse).cstring(name).cstring(sql).int16(types.length);
    for (const type of types) this.#writer.int32(type);
    this.#writer.end();
    return this;
  }

  bind(portal: string, statement: string, parameters: readonly Parameter[], resultFormat: 0 | 1): this {
    const writer = this.#writer.begin(frontend.bind).cstring(portal).cstring(statement).int16(parameters.length);
    for (const { format } of parameters) writer.int16(format);
    writer.int16(parameters.length);
    for (const { value } of parameters) {
      writer.int32(value === null ? -1 : value.length);
      if (value !== null) writer.bytes(value);
    }
    writer.int16(1).int16(resultFormat).end();
    return this;
  }

  describe(kind: "statement" | "portal", name: string): this {
    this.#writer
      .begin(frontend.describe)
      .byte(kind === "statement" ? 0x53 : 0x50)
      .cstring(name)
      .end();
    return this;
  }

  /** `rowLimit` 0: all rows. */
  execute(portal: string, rowLimit = 0): this {
    this.#writer.begin(frontend.execute).cstring(portal).int32(rowLimit).end();
    return this;
  }

  /** Parse to Execute of the unnamed statement, without parameters. */
  statement(sql: string, resultFormat: 0 | 1 = 0): this {
    return this.parse("", sql).bind("", "", [], resultFormat).describe("portal", "").execute("");
  }

  /** The messages, with a Sync behind them. */
  take(): Buffer {
    this.#writer.begin(frontend.sync).end();
    return this.#writer.take();
  }
}
