// One WebAssembly instance of PostgreSQL's parser. libpg-query's own wrapper holds a single one for ever; we hold our own,
// because an instance whose stack has overflowed is damaged (its stack pointer is never restored) and must be replaced.
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";

/** What libpg-query's emscripten module offers and we use. */
interface ParserModule {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(query: number): number;
  _wasm_free_parse_result(result: number): void;
  _wasm_scan(query: number): number;
  _wasm_free_string(pointer: number): void;
  UTF8ToString(pointer: number): string;
  HEAPU8: Uint8Array;
  HEAPU32: Uint32Array;
}

/** The tree as JSON of PostgreSQL's protobuf description, or what PostgreSQL has against the text. */
export type ParserAnswer =
  | { readonly kind: "tree"; readonly json: string }
  /** `cursor` counts characters (code points) from 1; 0: no position. */
  | { readonly kind: "error"; readonly message: string; readonly routine: string; readonly cursor: number };

/** Anything thrown by its functions means that the instance is damaged. */
export interface ParserInstance {
  parse(text: string): ParserAnswer;
  /** Tokens as libpg-query's scanner sees them, as JSON; for tests. */
  scan(text: string): string;
  /** Bytes of its memory, which never shrinks. */
  memoryBytes(): number;
}

// Otherwise V8 compiles the whole parser a second time, to be faster: 550 MiB for half a second, to save 5 us per parse,
// which the plan cache saves anyway. Both flags are needed.
setFlagsFromString("--no-wasm-tier-up");
setFlagsFromString("--no-wasm-dynamic-tiering");

const createModule = createRequire(import.meta.url)("libpg-query/wasm/libpg-query.js") as () => Promise<ParserModule>;

/** Takes some ten milliseconds, most of it once per process. */
export async function createParserInstance(): Promise<ParserInstance> {
  const module = await createModule();
  return {
    parse: (text) => parse(module, text),
    scan: (text) => scan(module, text),
    memoryBytes: () => module.HEAPU8.byteLength,
  };
}

function parse(module: ParserModule, text: string): ParserAnswer {
  const query = toMemory(module, text);
  const result = module._wasm_parse_query_raw(query);
  // PgQueryParseResult { char *parse_tree; char *stderr_buffer; PgQueryError *error; }
  const words = module.HEAPU32.subarray(result >> 2);
  const error = words[2]!;
  const answer: ParserAnswer =
    error === 0
      ? { kind: "tree", json: module.UTF8ToString(words[0]!) }
      : // PgQueryError { char *message, *funcname, *filename; int lineno, cursorpos; char *context; }
        {
          kind: "error",
          message: module.UTF8ToString(module.HEAPU32[error >> 2]!),
          routine: module.UTF8ToString(module.HEAPU32[(error >> 2) + 1]!),
          cursor: module.HEAPU32[(error >> 2) + 4]! | 0,
        };
  module._wasm_free_parse_result(result);
  module._free(query);
  return answer;
}

function scan(module: ParserModule, text: string): string {
  const query = toMemory(module, text);
  const result = module._wasm_scan(query);
  const answer = module.UTF8ToString(result);
  module._wasm_free_string(result);
  module._free(query);
  return answer;
}

function toMemory(module: ParserModule, text: string): number {
  const bytes = Buffer.byteLength(text);
  const pointer = module._malloc(bytes + 1);
  if (pointer === 0) throw new Error("no memory for the query text");
  const memory = module.HEAPU8;
  Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).write(text, pointer, bytes, "utf8");
  memory[pointer + bytes] = 0;
  return pointer;
}
