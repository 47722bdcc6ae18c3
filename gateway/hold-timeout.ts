// shardgres.hold_timeout: how long a statement that has not been sent waits while its shard has no primary. 0: not at all.
import { milliseconds, unquoted } from "./time-limits.ts";

export const holdTimeoutSetting = "shardgres.hold_timeout";

const defaultText = "'20s'";

/** `setting`: as it stands after `SET name TO`; one that nobody can read, of ALTER ROLE say, is as good as none. */
export function holdTimeoutMs(setting: string | undefined): number {
  try {
    return milliseconds(holdTimeoutSetting, unquoted(setting ?? defaultText));
  } catch {
    return milliseconds(holdTimeoutSetting, unquoted(defaultText));
  }
}
