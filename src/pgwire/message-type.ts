// First bytes of messages, by direction. Manual: "Message Formats" (protocol-message-formats).

const code = (letter: string): number => letter.charCodeAt(0);

export const frontend = {
  bind: code("B"),
  close: code("C"),
  copyData: code("d"),
  copyDone: code("c"),
  copyFail: code("f"),
  describe: code("D"),
  execute: code("E"),
  flush: code("H"),
  functionCall: code("F"),
  parse: code("P"),
  /** PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse. */
  password: code("p"),
  query: code("Q"),
  sync: code("S"),
  terminate: code("X"),
} as const;

export const backend = {
  authentication: code("R"),
  backendKeyData: code("K"),
  bindComplete: code("2"),
  closeComplete: code("3"),
  commandComplete: code("C"),
  copyData: code("d"),
  copyDone: code("c"),
  copyInResponse: code("G"),
  copyOutResponse: code("H"),
  copyBothResponse: code("W"),
  dataRow: code("D"),
  emptyQueryResponse: code("I"),
  errorResponse: code("E"),
  functionCallResponse: code("V"),
  negotiateProtocolVersion: code("v"),
  noData: code("n"),
  noticeResponse: code("N"),
  notificationResponse: code("A"),
  parameterDescription: code("t"),
  parameterStatus: code("S"),
  parseComplete: code("1"),
  portalSuspended: code("s"),
  readyForQuery: code("Z"),
  rowDescription: code("T"),
} as const;

/** Status byte of ReadyForQuery. */
export const transactionStatus = { idle: code("I"), open: code("T"), failed: code("E") } as const;

/** Every message after the startup packet: one byte of type, four of length (which counts itself). */
export const headerBytes = 5;
