// Where the data of COPY .. FROM STDIN comes from: the session reads it from its client, as fast as it is pulled.

/**
 * Iterates over the data as it comes, cut anywhere: payloads of CopyData, without their headers. A buffer is in use only
 * until the next one is asked for. Ends at CopyDone. Throws SqlError 57014 ("COPY from stdin failed: <reason>") at
 * CopyFail, and an error as well when the client is gone. When the executor gives up early it calls `return` of the
 * iterator, perhaps while a `next` is pending: from then on the session throws away what the client sends until it has
 * learnt of the error.
 */
export interface CopyInput extends AsyncIterable<Buffer> {
  /** All shards are ready: CopyInResponse goes to the client. `format` 0 text, 1 binary, the same for all columns. */
  start(format: 0 | 1, columns: number): void;
}
