// The value of each byte as a hexadecimal digit, -1 for all others. `(high << 4) | low` is negative if either is.

export const hexDigits = Int8Array.from({ length: 256 }, (_, byte) =>
  "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase()),
);
