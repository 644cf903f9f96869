import type { Meter } from "../platform/telemetry/meter.ts";
import type { CheckoutId } from "../shared/ids.ts";
import type { JournalEntry } from "./checkout-store.ts";
import { type CheckoutBindings, checkoutStub } from "./stub.ts";

export type { JournalEntry };

/** Every step of a checkout's attempts, oldest first; empty once the checkout is forgotten. */
export const readJournal = (
  env: CheckoutBindings,
  meter: Meter,
  checkoutId: CheckoutId,
): Promise<JournalEntry[]> =>
  meter.step("object", async () => checkoutStub(env, checkoutId).journal());
