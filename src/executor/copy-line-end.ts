// Line ends of COPY's text and CSV formats: the first one decides what all others must be. Each shard sees only its own
// lines, so that all are alike must be seen here. Source: CopyReadLineText in copyfromparse.c.
import { SqlError } from "../pgwire/sql-error.ts";

export const newline = 0x0a;
export const carriageReturn = 0x0d;

export class LineEnd {
  kind: "unknown" | "\n" | "\r" | "\r\n" = "unknown";
  #where: "literal" | "unquoted";

  constructor(format: "text" | "csv") {
    this.#where = format === "text" ? "literal" : "unquoted";
  }

  /**
   * Length of the line end at `at`, which is a newline or carriage return that ends the line; -1: the next byte must be
   * known first. Throws SqlError 22P04 when it is not like the first one.
   */
  lengthAt(bytes: Buffer, at: number, length: number, isEnd: boolean): number {
    if (bytes[at] === newline) {
      if (this.kind === "\r" || this.kind === "\r\n") throw this.#unexpected("newline");
      this.kind = "\n";
      return 1;
    }
    if (this.kind === "\n") throw this.#unexpected("carriage return");
    if (this.kind === "\r") return 1;
    if (at + 1 === length && !isEnd) return -1;
    if (at + 1 < length && bytes[at + 1] === newline) {
      this.kind = "\r\n";
      return 2;
    }
    if (this.kind === "\r\n") throw this.#unexpected("carriage return");
    this.kind = "\r";
    return 1;
  }

  #unexpected(what: "newline" | "carriage return"): SqlError {
    const escaped = what === "newline" ? "\\n" : "\\r";
    return new SqlError({
      code: "22P04",
      message: `${this.#where} ${what} found in data`,
      hint:
        this.#where === "literal"
          ? `Use "${escaped}" to represent ${what}.`
          : `Use quoted CSV field to represent ${what}.`,
    });
  }
}
