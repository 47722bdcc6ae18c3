// Tar archives for tests, byte for byte as PostgreSQL's tarCreateHeader (src/port/tar.c) makes them, and damaged ones.

export interface TarEntry {
  readonly path: string;
  readonly prefix?: string;
  /** "0" file, "5" directory, "2" symbolic link. */
  readonly type?: string;
  readonly mode?: number;
  readonly content?: string;
  readonly target?: string;
  /** The twelve bytes of the size, if they are not to say how long the content is. */
  readonly size?: Buffer;
  readonly magic?: string;
}

/** Without the two blocks of zeros at its end. */
export function tarEntries(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat(
    entries.map((entry) => {
      const content = Buffer.from(entry.content ?? "");
      return Buffer.concat([tarHeader(entry, content.length), content, Buffer.alloc(-content.length & 511)]);
    }),
  );
}

export function tarArchive(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([tarEntries(entries), Buffer.alloc(1024)]);
}

function tarHeader(entry: TarEntry, contentBytes: number): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, "0")} `, at);
  header.write(entry.path, 0);
  octal(entry.mode ?? 0o600, 100, 6);
  octal(0, 108, 6);
  octal(0, 116, 6);
  if (entry.size) entry.size.copy(header, 124);
  else octal(contentBytes, 124, 11);
  octal(0, 136, 11);
  header.write(entry.type ?? "0", 156);
  header.write(entry.target ?? "", 157);
  header.write(entry.magic ?? "ustar\0", 257);
  header.write("00", 263);
  header.write("postgres", 265);
  header.write("postgres", 297);
  header.write(entry.prefix ?? "", 345);
  header.fill(" ", 148, 156);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return header;
}
