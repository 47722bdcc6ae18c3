// Reading the fields of a stored document one by one, each with the check that it is what it should be.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";

/** Every method throws AppError "invalid-document", naming document and field, when the field is not what is asked for. */
export interface Fields {
  text(name: string): string;
  /** undefined when the field is not there. */
  optionalText(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** Texts by name, which may be empty; undefined when the field is not there. */
  optionalTexts(name: string): Readonly<Record<string, string>> | undefined;
  integer(name: string, least: number): number;
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T;
  object(name: string): Fields;
  /** undefined when the field is not there. */
  optional(name: string): Fields | undefined;
  /** The fields of an object whose names are data. */
  each(name: string): readonly (readonly [string, Fields])[];
  /** To be called last: fields that nobody asked for are an error. */
  end(): void;
  invalid(name: string, problem: string): AppError;
  /** The document's version, to be asked for first: whatever else is in a newer one need not make sense. */
  format(newest: number): number;
  /** As `format`; 1 when there is none, as in documents that are older than versions. */
  optionalFormat(newest: number): number;
}

const newerHint = "A newer Shardgres has written it. Bring this program to the same version.";

export function fieldsOf(document: string, value: Json | undefined, path = ""): Fields {
  const invalid = (name: string, problem: string) =>
    new AppError("invalid-document", `topology document "${document}": ${path}${name} ${problem}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("invalid-document", `topology document "${document}": ${path || "it "}is not an object`);
  }
  const found = new Map<string, Json>(Object.entries(value));
  const asked = new Set<string>();
  const take = (name: string) => {
    asked.add(name);
    return found.get(name);
  };
  const textOf = (name: string, field: Json | undefined) => {
    if (typeof field !== "string" || field === "") throw invalid(name, "is not a text");
    return field;
  };
  const formatOf = (field: Json | undefined, newest: number) => {
    if (typeof field !== "number" || !Number.isSafeInteger(field) || field < 1) {
      throw invalid("format", "is not a whole number of at least 1");
    }
    if (field <= newest) return field;
    const message = `topology document "${document}" has the format ${field}, and this program understands ${newest}`;
    throw new AppError("newer-format", message, { hint: newerHint });
  };
  return {
    invalid,
    format: (newest) => formatOf(take("format"), newest),
    optionalFormat(newest) {
      const field = take("format");
      return field === undefined ? 1 : formatOf(field, newest);
    },
    text(name) {
      return textOf(name, take(name));
    },
    optionalText(name) {
      const field = take(name);
      return field === undefined ? undefined : textOf(name, field);
    },
    texts(name) {
      const field = take(name);
      if (!Array.isArray(field)) throw invalid(name, "is not a list of texts");
      return field.map((each: Json) => textOf(name, each));
    },
    optionalTexts(name) {
      const field = take(name);
      if (field === undefined) return undefined;
      fieldsOf(document, field, `${path}${name} `);
      const entries = Object.entries(field as { readonly [key: string]: Json });
      const found = entries.map(([key, each]) => {
        if (typeof each !== "string") throw invalid(`${name} ${key}`, "is not a text");
        return [key, each] as const;
      });
      return Object.fromEntries(found);
    },
    integer(name, least) {
      const field = take(name);
      if (typeof field !== "number" || !Number.isSafeInteger(field) || field < least) {
        throw invalid(name, `is not a whole number of at least ${least}`);
      }
      return field;
    },
    oneOf(name, allowed) {
      const field = take(name);
      const match = allowed.find((word) => word === field);
      if (match === undefined) throw invalid(name, `is none of ${allowed.join(", ")}`);
      return match;
    },
    object(name) {
      return fieldsOf(document, take(name), `${path}${name} `);
    },
    optional(name) {
      const field = take(name);
      return field === undefined ? undefined : fieldsOf(document, field, `${path}${name} `);
    },
    each(name) {
      const field = take(name);
      const inside = `${path}${name} `;
      fieldsOf(document, field, inside);
      return Object.entries(field as object).map(([key, each]) => [key, fieldsOf(document, each, `${inside}${key} `)]);
    },
    end() {
      for (const name of found.keys()) {
        if (!asked.has(name)) throw invalid(name, "is not a known field");
      }
    },
  };
}
