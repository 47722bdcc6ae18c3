// Reading the fields of a stored document one by one, each with the check that it is what it should be.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";

/** Every method throws AppError "invalid-document", naming document and field, when the field is not what is asked for. */
export interface Fields {
  text(name: string): string;
  integer(name: string, least: number): number;
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T;
  object(name: string): Fields;
  /** undefined when the field is not there. */
  optional(name: string): Fields | undefined;
  /** To be called last: fields that nobody asked for are an error. */
  end(): void;
  invalid(name: string, problem: string): AppError;
}

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
  return {
    invalid,
    text(name) {
      const field = take(name);
      if (typeof field !== "string" || field === "") throw invalid(name, "is not a text");
      return field;
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
    end() {
      for (const name of found.keys()) {
        if (!asked.has(name)) throw invalid(name, "is not a known field");
      }
    },
  };
}
