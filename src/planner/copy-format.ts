// How the lines of a COPY look, out of its options. Manual: COPY.
import type { Node } from "@pgsql/types";
import { optionIsOn, optionNamed, optionText } from "./definition.ts";
import type { CopyFormat } from "./plan.ts";

/** The old syntax (`COPY t FROM STDIN CSV HEADER`) gives the same options. Wrong ones are PostgreSQL's to refuse. */
export function copyFormat(options: readonly Node[] | undefined): CopyFormat {
  const text = (name: string) => optionText(optionNamed(options, name));
  const format = text("format")?.toLowerCase();
  const kind = format === "csv" || format === "binary" ? format : "text";
  const quote = text("quote") ?? '"';
  return {
    kind,
    delimiter: text("delimiter") ?? (kind === "csv" ? "," : "\t"),
    null: text("null") ?? (kind === "csv" ? "" : "\\N"),
    quote,
    escape: text("escape") ?? quote,
    header: optionIsOn(options, "header") || text("header")?.toLowerCase() === "match",
  };
}

/** The client's encoding is the gateway's to know; this is what the statement says about the file. */
export function hasOtherEncoding(options: readonly Node[] | undefined): boolean {
  const encoding = optionText(optionNamed(options, "encoding"));
  return encoding !== undefined && !["utf8", "unicode"].includes(encoding.toLowerCase().replace(/[^a-z0-9]/g, ""));
}
