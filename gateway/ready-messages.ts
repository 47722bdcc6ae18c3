// ReadyForQuery, by the status of the transaction.
import { readyForQuery } from "../src/pgwire/backend-message.ts";
import { transactionStatus } from "../src/pgwire/message-type.ts";

export const readyMessages = {
  idle: readyForQuery(transactionStatus.idle),
  open: readyForQuery(transactionStatus.open),
  failed: readyForQuery(transactionStatus.failed),
};
