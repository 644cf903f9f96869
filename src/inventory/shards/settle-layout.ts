import type { StockKeeping } from "../keeping.ts";
import type { Heat } from "./heat.ts";
import type { WholeStock } from "./whole.ts";

/** As many as one machine's cores are worth splitting for, and some to spare. */
const MEASURED_SHARDS = 8;
/** Less than this per shard is sold before a split would help. */
const UNITS_WORTH_SPLITTING = 64 * MEASURED_SHARDS;
const RETRY_MS = 2_000;

type Parts = { keeping: StockKeeping; whole: WholeStock; heat: Heat };

/** Over how many objects the SKU shall be spread now; 0: only its own. */
function wantedShards({ keeping, whole, heat }: Parts): number {
  const { store } = keeping;
  // A debt has one place, so what may be owed is never split.
  if (store.backorder()) return 0;
  const layout = whole.layout();
  const declared = layout?.declared ?? null;
  if (declared !== null) return declared > 1 ? declared : 0;
  const nowMs = keeping.nowMs();
  if (layout && layout.shards > 0) return nowMs < heat.coolsAtMs() ? layout.shards : 0;
  if (!heat.isHot(nowMs)) return 0;
  return whole.available() >= UNITS_WORTH_SPLITTING ? MEASURED_SHARDS : 0;
}

/** Whether the shards are those that should be, counting shoppers where they should be counted. */
export function isSettled(parts: Parts): boolean {
  const wanted = wantedShards(parts);
  const layout = parts.whole.layout();
  if (!layout) return wanted === 0;
  if (layout.isClosing || layout.shards !== wanted) return false;
  const isLimited = parts.keeping.store.shopperLimit() !== undefined;
  return wanted === 0 || layout.byBuyer === isLimited;
}

/** Makes the shards what they should be. Weather leaves it to be done again, by `dueMs`. */
export async function settleLayout(parts: Parts): Promise<void> {
  if (isSettled(parts)) return;
  const { whole } = parts;
  if (whole.layout()) await whole.close();
  const wanted = wantedShards(parts);
  if (wanted > 0 && (whole.layout()?.shards ?? 0) === 0) whole.open(wanted);
}

/** When the layout has to be looked at again; `undefined`: not by itself. */
export function layoutDueMs(parts: Parts): number | undefined {
  const layout = parts.whole.layout();
  if (!layout) return undefined;
  if (!isSettled(parts)) return parts.keeping.nowMs() + RETRY_MS;
  return layout.shards > 0 && layout.declared === null ? parts.heat.coolsAtMs() : undefined;
}
