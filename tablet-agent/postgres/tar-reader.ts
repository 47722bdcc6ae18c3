// Reads a tar stream as it comes, without keeping more of it than one header. It knows what PostgreSQL writes
// (src/port/tar.c): ustar headers with files, directories and symbolic links, sizes in octal or, from 8 GiB on, binary;
// names beyond a header's length PostgreSQL refuses itself, so there are no extended headers. Anything else is refused.
import { AppError } from "../../src/base/app-error.ts";

export type TarPart =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  /** "data" parts of `size` bytes together follow, then "file-end". */
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly size: number }
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "file-end" };

const blockBytes = 512;
/** Manual of POSIX: "pax", ustar header. */
const field = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  target: [157, 100],
  magic: [257, 5],
  prefix: [345, 155],
} as const;

type Field = (typeof field)[keyof typeof field];

export class TarReader {
  #header = Buffer.alloc(blockBytes);
  #held = 0;
  /** Bytes left of the content of a file, then of what fills its last block. */
  #content = 0;
  #padding = 0;
  #zeroBlocks = 0;

  /**
   * The parts that end in this chunk; data are slices of it. To be iterated to the end before the next call. Throws
   * AppError "bad-tar".
   */
  *push(chunk: Buffer): Generator<TarPart> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#content > 0) {
        const bytes = chunk.subarray(at, at + this.#content);
        at += bytes.length;
        this.#content -= bytes.length;
        yield { kind: "data", bytes };
        if (this.#content === 0) yield { kind: "file-end" };
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, chunk.length - at);
        at += skipped;
        this.#padding -= skipped;
      } else {
        const copied = chunk.copy(this.#header, this.#held, at);
        at += copied;
        this.#held += copied;
        if (this.#held < blockBytes) return;
        this.#held = 0;
        yield* this.#entry(this.#header);
      }
    }
  }

  /** The stream has ended. Throws AppError "bad-tar" when that was too early: an archive ends with two blocks of zeros. */
  end(): void {
    if (this.#zeroBlocks < 2 || this.#held > 0) throw bad("it is cut short");
  }

  *#entry(header: Buffer): Generator<TarPart> {
    if (header.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw bad("there is something behind its end");
    checkHeader(header);
    const name = text(header, field.name);
    const prefix = text(header, field.prefix);
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const size = number(header, field.size);
    const mode = number(header, field.mode) & 0o777;
    const type = text(header, field.type);
    if (type === "0" || type === "") {
      this.#content = size;
      this.#padding = (blockBytes - (size % blockBytes)) % blockBytes;
      yield { kind: "file", path, mode, size };
      if (size === 0) yield { kind: "file-end" };
      return;
    }
    if (size > 0) throw bad(`${JSON.stringify(path)} has content but is not a file`);
    if (type === "5") yield { kind: "directory", path, mode };
    else if (type === "2") yield { kind: "symlink", path, target: text(header, field.target) };
    else throw bad(`${JSON.stringify(path)} is of unknown type ${JSON.stringify(type)}`);
  }
}

function checkHeader(header: Buffer): void {
  if (text(header, field.magic) !== "ustar") throw bad("it has a header that is not of ustar");
  const [start, length] = field.checksum;
  let sum = length * 0x20;
  for (let i = 0; i < header.length; i++) if (i < start || i >= start + length) sum += header[i]!;
  if (number(header, field.checksum) !== sum) throw bad("it has a header with a wrong checksum");
}

function text(header: Buffer, [start, length]: Field): string {
  const bytes = header.subarray(start, start + length);
  const end = bytes.indexOf(0);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch (cause) {
    throw bad("it has a name that is not UTF-8", cause);
  }
}

/** Octal, or binary with the highest bit of the first byte set. */
function number(header: Buffer, [start, length]: Field): number {
  const bytes = header.subarray(start, start + length);
  if (bytes[0] === 0x80) {
    const value = BigInt(`0x${bytes.toString("hex", 1)}`);
    if (value > Number.MAX_SAFE_INTEGER) throw bad("it has a file of impossible size");
    return Number(value);
  }
  const match = /^ *([0-7]+)[ \0]*$/.exec(bytes.toString("latin1"));
  if (match === null) throw bad("it has a header with a damaged number");
  return Number.parseInt(match[1]!, 8);
}

function bad(reason: string, cause?: unknown): AppError {
  return new AppError("bad-tar", `the archive cannot be read: ${reason}`, { cause });
}
