// libpg-query counts bytes of UTF-8, JavaScript counts UTF-16 units. For ASCII text they are the same number and nothing
// is computed; for other text a table is made once.

/** Between byte offsets of the UTF-8 form and UTF-16 offsets of one text. */
export interface ByteOffsets {
  /** UTF-16 offset of the character that begins at (or contains) this byte. */
  toUtf16(byte: number): number;
  /** Byte offset of this UTF-16 unit. */
  toByte(utf16: number): number;
}

const same: ByteOffsets = { toUtf16: (byte) => byte, toByte: (utf16) => utf16 };

/** Offsets from 0 to the length of the text, both included. */
export function byteOffsets(text: string): ByteOffsets {
  return Buffer.byteLength(text) === text.length ? same : fromTable(tableOf(text));
}

function fromTable(table: Uint32Array): ByteOffsets {
  return {
    toUtf16(byte) {
      let low = 0;
      let high = table.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >>> 1;
        if (table[middle]! <= byte) low = middle;
        else high = middle - 1;
      }
      return low > 0 && table[low] === table[low - 1] ? low - 1 : low;
    },
    toByte: (utf16) => table[Math.min(utf16, table.length - 1)]!,
  };
}

/** Byte offset of every UTF-16 unit; both halves of a surrogate pair have the offset of the pair. */
function tableOf(text: string): Uint32Array {
  const table = new Uint32Array(text.length + 1);
  let bytes = 0;
  for (let position = 0; position < text.length; position++) {
    table[position] = bytes;
    const code = text.charCodeAt(position);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (isPair(text, position, code)) {
      table[++position] = bytes;
      bytes += 4;
    } else bytes += 3;
  }
  table[text.length] = bytes;
  return table;
}

function isPair(text: string, position: number, code: number): boolean {
  return (code & 0xfc00) === 0xd800 && (text.charCodeAt(position + 1) & 0xfc00) === 0xdc00;
}
