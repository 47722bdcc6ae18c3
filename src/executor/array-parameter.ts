// The elements of an array parameter, as text, for `key = ANY ($1)`. Understands one-dimensional arrays in text format
// and, of the types a driver sends in binary, integers, text and uuid.
import { type BoundParameters, parameterFormat } from "../pgwire/frontend-message.ts";
import { oid } from "../pgwire/oid.ts";

/** undefined: not understood, so of no use for routing. An element of null is SQL NULL. */
export function arrayParameterTexts(
  parameters: BoundParameters,
  index: number,
): readonly (string | null)[] | undefined {
  const length = parameters.lengths[index]!;
  if (length < 0) return [];
  const start = parameters.starts[index]!;
  const bytes = parameters.bytes.subarray(start, start + length);
  return parameterFormat(parameters, index) === 0 ? textElements(bytes.toString("utf8")) : binaryElements(bytes);
}

/** Manual: "Array Input and Output Syntax". */
function textElements(text: string): (string | null)[] | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const elements: (string | null)[] = [];
  let at = 1;
  const end = text.length - 1;
  if (text.slice(1, end).trim() === "") return elements;
  while (at <= end) {
    let element = "";
    let isQuoted = false;
    while (at < end && /\s/.test(text[at]!)) at++;
    if (text[at] === '"') {
      isQuoted = true;
      at++;
      while (at < end && text[at] !== '"') {
        if (text[at] === "\\") at++;
        element += text[at++];
      }
      at++;
      while (at < end && /\s/.test(text[at]!)) at++;
    } else {
      while (at < end && text[at] !== ",") {
        // A nested array or an escape outside of quotes: PostgreSQL shall decide.
        if (text[at] === "{" || text[at] === "\\" || text[at] === '"') return undefined;
        element += text[at++];
      }
      element = element.trimEnd();
    }
    if (at < end && text[at] !== ",") return undefined;
    elements.push(!isQuoted && element.toUpperCase() === "NULL" ? null : element);
    at++;
  }
  return elements;
}

/** As array_send writes it: dimensions, has-null flag, element type, (length, lower bound) per dimension, elements. */
function binaryElements(bytes: Buffer): (string | null)[] | undefined {
  if (bytes.length < 12) return undefined;
  const dimensions = bytes.readInt32BE(0);
  if (dimensions === 0) return [];
  if (dimensions !== 1 || bytes.length < 20) return undefined;
  const elementType = bytes.readInt32BE(8);
  const count = bytes.readInt32BE(12);
  const elements: (string | null)[] = [];
  let at = 20;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      elements.push(null);
      continue;
    }
    if (at + length > bytes.length) return undefined;
    const text = elementText(elementType, bytes.subarray(at, at + length));
    if (text === undefined) return undefined;
    elements.push(text);
    at += length;
  }
  return elements;
}

function elementText(elementType: number, value: Buffer): string | undefined {
  switch (elementType) {
    case oid.int2:
      return value.length === 2 ? String(value.readInt16BE()) : undefined;
    case oid.int4:
      return value.length === 4 ? String(value.readInt32BE()) : undefined;
    case oid.int8:
      return value.length === 8 ? String(value.readBigInt64BE()) : undefined;
    case oid.text:
    case oid.varchar:
      return value.toString("utf8");
    case oid.uuid:
      return value.length === 16 ? value.toString("hex") : undefined;
    default:
      return undefined;
  }
}
