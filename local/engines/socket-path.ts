import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The kernel allows 108 bytes for a unix socket's address, with its terminating zero. */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Where a socket of `dir` lives: inside it, or under a short name of the same directory in /tmp
 * when the path is too long. Only the current user can enter either.
 */
export function socketPath(dir: string, name: string): string {
  const inside = join(dir, name);
  if (Buffer.byteLength(inside) < SOCKET_PATH_BYTES_MAX) return inside;

  const digest = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  const short = `/tmp/frontage-${digest}`;
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(short);
  // Anybody may create names in /tmp, so an existing one is trusted only if it is ours alone.
  if (uid !== process.getuid?.() || (mode & 0o170077) !== 0o040000) {
    throw new Error(`${short} must be a private directory of the current user`);
  }
  return join(short, name);
}
