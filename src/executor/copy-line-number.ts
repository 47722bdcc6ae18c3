// "COPY orders, line 3, column qty": a shard counts the lines that it got; the client knows other numbers.
import { encodeFields, ShardError } from "../pgwire/error-fields.ts";
import { backend } from "../pgwire/message-type.ts";

/** In any language: the table, a comma, a word and the number, which may stand in front of the word. */
const lineInContext = /^(COPY .*?), ([^\s,]+ )(\d+)/m;

/** The error with the client's line number; without one where `clientLine` gives none. Other errors stay as they are. */
export function withClientLine(error: unknown, clientLine: (shardLine: number) => number | undefined): unknown {
  if (!(error instanceof ShardError)) return error;
  const context = error.raw.get("W");
  if (context === undefined || !lineInContext.test(context)) return error;
  const fields = new Map(error.raw);
  fields.set(
    "W",
    context.replace(lineInContext, (_, table: string, word: string, line: string) => {
      const known = clientLine(Number(line));
      return known === undefined ? table : `${table}, ${word}${known}`;
    }),
  );
  return new ShardError(encodeFields(backend.errorResponse, fields));
}
