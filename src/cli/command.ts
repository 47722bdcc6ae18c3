// What a command of `shardgres` is.

export interface Command {
  readonly name: string;
  /** For the list of commands: a few words. */
  readonly summary: string;
  /** What `shardgres <command> --help` prints. */
  readonly help: string;
  /** Resolves with the exit code. Throws UsageError for arguments that make no sense, AppError for what went wrong. */
  run(args: readonly string[]): Promise<number>;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
