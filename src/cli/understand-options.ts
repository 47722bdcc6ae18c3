// What commands have in common in reading their options.
import { UsageError } from "./command.ts";

/** Runs parseArgs. Throws UsageError, in its words. */
export function understand<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Node's own words name the option; what follows its first sentence is about parseArgs.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split(/\. |\n/)[0]!.replace(/^[A-Z]/, (letter) => letter.toLowerCase()));
  }
}

/** Where the cluster is kept. Throws UsageError. */
export function dataDirOf(values: { readonly "data-dir"?: string | undefined }): string {
  const dataDir = values["data-dir"] ?? ".shardgres";
  if (dataDir === "") throw new UsageError("--data-dir must not be empty");
  return dataDir;
}
