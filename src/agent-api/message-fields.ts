// Reading the fields of a message from the network one by one, each with the check that it is what it should be. Whoever
// sent it may be broken or hostile: texts and lists have limits, and what reaches a terminal has no control characters.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import { parseLsn } from "../base/lsn.ts";

/** Every method throws AppError "invalid-message", naming message and field, when the field is not what is asked for. */
export interface MessageFields {
  /** A name, or something like it; it may be empty. */
  text(name: string): string;
  /** Words for people: what is too long is cut, control characters become spaces. */
  sentence(name: string): string;
  integer(name: string): number;
  flag(name: string): boolean;
  lsn(name: string): number;
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T;
  texts(name: string): readonly string[];
  object(name: string): MessageFields;
  list(name: string): readonly MessageFields[];
  /** undefined when the field is not there. */
  optional<T>(name: string, read: (name: string) => T): T | undefined;
  /** To be called last where a field that nobody knows must not be passed over. */
  end(): void;
  invalid(name: string, problem: string): AppError;
}

const textMax = 256;
const sentenceMax = 2_000;
const listMax = 1_000;
const controlCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** `message` names it in errors. */
export function messageFields(message: string, value: Json | undefined, path = ""): MessageFields {
  const invalid = (name: string, problem: string) =>
    new AppError("invalid-message", `${message}: ${path}${name} ${problem}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("invalid-message", `${message}: ${path || "it "}is not an object`);
  }
  const found = new Map<string, Json>(Object.entries(value));
  const asked = new Set<string>();
  const take = (name: string) => {
    asked.add(name);
    return found.get(name);
  };
  const textOf = (name: string, field: Json | undefined) => {
    if (typeof field !== "string" || field.length > textMax || controlCharacters.test(field)) {
      throw invalid(name, `is not a text of at most ${textMax} characters`);
    }
    return field;
  };
  const listOf = (name: string) => {
    const field = take(name);
    if (!Array.isArray(field) || field.length > listMax) throw invalid(name, `is not a list of at most ${listMax}`);
    return field as readonly Json[];
  };
  return {
    invalid,
    text(name) {
      return textOf(name, take(name));
    },
    sentence(name) {
      const field = take(name);
      if (typeof field !== "string") throw invalid(name, "is not a text");
      return field.slice(0, sentenceMax).replaceAll(new RegExp(controlCharacters, "gu"), " ");
    },
    integer(name) {
      const field = take(name);
      if (typeof field !== "number" || !Number.isSafeInteger(field) || field < 0) {
        throw invalid(name, "is not a whole number of at least 0");
      }
      return field;
    },
    flag(name) {
      const field = take(name);
      if (typeof field !== "boolean") throw invalid(name, "is neither true nor false");
      return field;
    },
    lsn(name) {
      const lsn = parseLsn(textOf(name, take(name)));
      if (lsn === undefined) throw invalid(name, "is not a position in the WAL");
      return lsn;
    },
    oneOf(name, allowed) {
      const field = take(name);
      const match = allowed.find((word) => word === field);
      if (match === undefined) throw invalid(name, `is none of ${allowed.join(", ")}`);
      return match;
    },
    texts(name) {
      return listOf(name).map((each) => textOf(name, each));
    },
    object(name) {
      return messageFields(message, take(name), `${path}${name} `);
    },
    list(name) {
      return listOf(name).map((each, i) => messageFields(message, each, `${path}${name} ${i} `));
    },
    optional(name, read) {
      return found.has(name) ? read(name) : undefined;
    },
    end() {
      for (const name of found.keys()) {
        if (!asked.has(name)) throw invalid(JSON.stringify(name.slice(0, textMax)), "is not a known field");
      }
    },
  };
}
