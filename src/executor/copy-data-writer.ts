// Bytes of COPY data gathered into CopyData messages of about 64 KiB, for one stream.
import { frontend, headerBytes } from "../pgwire/message-type.ts";

const messageBytes = 64 * 1024;
/** A copy of fewer bytes is faster as a loop than as a call into C++. */
const loopBytesMax = 48;

export class CopyDataWriter {
  #send: (message: Buffer) => void;
  #message = Buffer.allocUnsafe(0);
  #end = 0;

  constructor(send: (message: Buffer) => void) {
    this.#send = send;
  }

  /** Copies `source[start, end)`, so its memory may be used again. */
  add(source: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      if (this.#end === this.#message.length) this.#begin();
      const count = Math.min(end - from, this.#message.length - this.#end);
      if (count <= loopBytesMax) {
        const message = this.#message;
        let to = this.#end;
        for (let at = from; at < from + count; at++) message[to++] = source[at]!;
      } else {
        source.copy(this.#message, this.#end, from, from + count);
      }
      from += count;
      this.#end += count;
    }
  }

  /** Sends what has been gathered. */
  flush(): void {
    if (this.#end <= headerBytes) return;
    const message = this.#message.subarray(0, this.#end);
    message[0] = frontend.copyData;
    message.writeInt32BE(this.#end - 1, 1);
    this.#message = Buffer.allocUnsafe(0);
    this.#end = 0;
    this.#send(message);
  }

  #begin(): void {
    this.flush();
    this.#message = Buffer.allocUnsafeSlow(messageBytes);
    this.#end = headerBytes;
  }
}
