// The modes of a transaction, out of the texts that choose them.

export type Isolation = "read committed" | "repeatable read" | "serializable";

/** `text`: the value of transaction_isolation, or modes as they stand behind BEGIN. undefined: it does not say. */
export function isolationIn(text: string | undefined): Isolation | undefined {
  const found = /\b(read\s+(?:un)?committed|repeatable\s+read|serializable)\b/i.exec(text ?? "");
  if (found === null) return undefined;
  const [level = ""] = found;
  if (/^read/i.test(level)) return "read committed";
  return /^repeatable/i.test(level) ? "repeatable read" : "serializable";
}

/** `text`: modes as they stand behind BEGIN. undefined: it does not say. */
export function isReadOnlyIn(text: string): boolean | undefined {
  const last = text.match(/\bread\s+(only|write)\b/gi)?.at(-1);
  return last === undefined ? undefined : /only$/i.test(last);
}

/** The value of a setting that is a yes or no, as SQL text after SET; undefined: it is not set. */
export function isSettingOff(value: string | undefined): boolean {
  return value !== undefined && /^'?\s*(off|of|false|fals|fal|fa|f|no|n|0)\s*'?$/i.test(value);
}

/** undefined: it is not set, or is not written in a way that is known. */
export function isSettingOn(value: string | undefined): boolean | undefined {
  if (isSettingOff(value)) return false;
  return value !== undefined && /^'?\s*(on|true|tru|tr|t|yes|ye|y|1)\s*'?$/i.test(value) ? true : undefined;
}
