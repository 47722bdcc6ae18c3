// What JSON can say, as a type, and reading it with an error that names the place.
import { AppError } from "./app-error.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `where` names the file or document in the message. Throws AppError "invalid-json". */
export function parseJson(text: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new AppError("invalid-json", `${where} is not valid JSON`, { cause });
  }
}
