// The isolation level of a transaction, out of the texts that choose it.

export type Isolation = "read committed" | "repeatable read" | "serializable";

/** `text`: the value of transaction_isolation, or modes as they stand behind BEGIN. undefined: it does not say. */
export function isolationIn(text: string | undefined): Isolation | undefined {
  const found = /\b(read\s+(?:un)?committed|repeatable\s+read|serializable)\b/i.exec(text ?? "");
  if (found === null) return undefined;
  const [level = ""] = found;
  if (/^read/i.test(level)) return "read committed";
  return /^repeatable/i.test(level) ? "repeatable read" : "serializable";
}

/** The value of a setting that is a yes or no, as SQL text after SET; undefined: it is not set. */
export function isSettingOff(value: string | undefined): boolean {
  return value !== undefined && /^'?\s*(off|of|false|fals|fal|fa|f|no|n|0)\s*'?$/i.test(value);
}
