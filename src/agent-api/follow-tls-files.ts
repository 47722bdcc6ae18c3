// Keeps up with TlsFiles: looks at them again and again and tells when there is a new identity. What cannot be used, such as
// a certificate whose key has not been written yet, is not told; the one of before stays.
import { readTlsFiles, type TlsFiles, type TlsIdentity, tlsFilesVersion } from "./tls-files.ts";

export interface FollowedTlsFiles {
  readonly first: TlsIdentity;
  stop(): void;
}

export interface FollowOptions {
  readonly everyMs?: number;
  readonly onChange: (identity: TlsIdentity) => void;
  /** Told once for each reason; the files are looked at again all the same. */
  readonly onTrouble?: (reason: unknown) => void;
}

const lookEveryMs = 5_000;

/** Does not keep the process alive. Throws AppError "no-certificate" when there is nothing to begin with. */
export async function followTlsFiles(
  files: TlsFiles,
  { everyMs = lookEveryMs, onChange, onTrouble = () => {} }: FollowOptions,
): Promise<FollowedTlsFiles> {
  // The version is taken first: a change while they are being read is seen at the next look.
  let seen = await tlsFilesVersion(files).catch(() => undefined);
  const first = await readTlsFiles(files);
  let trouble: string | undefined;
  let isStopped = false;
  let timer: NodeJS.Timeout;

  const look = async () => {
    try {
      const version = await tlsFilesVersion(files);
      if (version !== seen) {
        const identity = await readTlsFiles(files);
        seen = version;
        if (!isStopped) onChange(identity);
      }
      trouble = undefined;
    } catch (error) {
      const reason = String(error);
      if (reason !== trouble && !isStopped) onTrouble(error);
      trouble = reason;
    }
  };
  const lookLater = () => {
    timer = setTimeout(() => {
      look().then(() => {
        if (!isStopped) lookLater();
      });
    }, everyMs).unref();
  };
  lookLater();

  return {
    first,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
