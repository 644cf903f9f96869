import { env } from "cloudflare:workers";
import { restoreRevocations } from "../../src/identity/sessions/restore-revocations.ts";
import { openIo } from "../../src/platform/io/io.ts";

let made: Promise<boolean> | undefined;

/**
 * Makes the shop one that has been open for a while: its feed, which is new in each test file, knows what was
 * revoked. Else the first token that a test sends would pay for that.
 */
export const wholeFeed = (): Promise<boolean> =>
  (made ??= restoreRevocations(openIo(env, "test"), env));
