import { inArray, lt, or } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { cartSnapshots } from "./documents.ts";

/**
 * Deletes snapshots of carts that ended before a moment. Also of carts that nobody has touched since
 * another: they have ended too, even if nobody could say so.
 */
export async function forgetSnapshots(
  { documents }: Pick<Io, "documents">,
  {
    endedBeforeMs,
    takenBeforeMs,
    limit,
  }: Record<"endedBeforeMs" | "takenBeforeMs" | "limit", number>,
): Promise<number> {
  const { cartId, expiredAtMs, takenAtMs } = cartSnapshots;
  const old = documents
    .select({ cartId })
    .from(cartSnapshots)
    .where(or(lt(expiredAtMs, endedBeforeMs), lt(takenAtMs, takenBeforeMs)))
    .limit(limit);
  const gone = await documents
    .delete(cartSnapshots)
    .where(inArray(cartId, old))
    .returning({ cartId });
  return gone.length;
}
