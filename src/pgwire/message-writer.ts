// Builds messages into one growing buffer, so that several leave in one write.

export class MessageWriter {
  #buffer = Buffer.allocUnsafe(512);
  #end = 0;
  #messageStart = 0;

  /** Begins a message of this type; `end` fills in its length. */
  begin(type: number): this {
    this.#messageStart = this.#end;
    this.#reserve(5);
    this.#buffer[this.#end] = type;
    this.#end += 5;
    return this;
  }

  end(): this {
    this.#buffer.writeInt32BE(this.#end - this.#messageStart - 1, this.#messageStart + 1);
    return this;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#end++] = value;
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#buffer.writeUInt16BE(value & 0xffff, this.#end);
    this.#end += 2;
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#buffer.writeInt32BE(value | 0, this.#end);
    this.#end += 4;
    return this;
  }

  /** UTF-8 text followed by a zero byte. */
  cstring(text: string): this {
    const bytes = Buffer.byteLength(text);
    this.#reserve(bytes + 1);
    this.#buffer.write(text, this.#end);
    this.#end += bytes;
    this.#buffer[this.#end++] = 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
    return this;
  }

  get length(): number {
    return this.#end;
  }

  /** The messages so far; the writer is empty afterwards and does not touch them again. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#end);
    this.#buffer = Buffer.allocUnsafe(512);
    this.#end = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
