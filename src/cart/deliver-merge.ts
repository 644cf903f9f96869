import type { Io } from "../platform/io/io.ts";
import type { Result } from "../shared/result.ts";
import type { CartContents, CartOwner, StoredCart } from "./model.ts";
import type { MergeRefusal } from "./plan-merge.ts";
import { type CartEnv, cartStub } from "./stub.ts";

/** A guest's cart on its way, whole, into one shopper's. */
export type MovingCart = { mergeId: string; userId: string; contents: CartContents };

export type MergeIo = Pick<Io, "meter" | "config">;

/** Tells the guest's object what the shopper's decided. */
type EndMerge = (mergeId: string, outcome: "taken" | "refused") => Promise<void> | void;

/**
 * Brings a merge to its end, whoever began it and however often this was tried: the shopper's object
 * decides once per merge, and the guest's does what it decided. In between, the lines stand in the
 * guest's object, set apart: so none is lost, and none is in two carts that anybody can use.
 */
export async function deliverMerge(
  io: MergeIo,
  env: CartEnv,
  { mergeId, userId, contents }: MovingCart,
  end: EndMerge,
): Promise<Result<StoredCart, MergeRefusal>> {
  const owner: CartOwner = { kind: "user", userId };
  const currency = io.config.STORE_CURRENCY;
  const taken: Result<StoredCart, MergeRefusal> = await io.meter.step("object", async () =>
    cartStub(env, owner).absorb({ mergeId, contents }, currency),
  );
  await end(mergeId, taken.ok ? "taken" : "refused");
  return taken;
}

/** Tells it from outside the guest's object. */
export const endAt =
  (io: MergeIo, env: CartEnv, guest: CartOwner): EndMerge =>
  (mergeId, outcome) =>
    io.meter.step("object", async () => cartStub(env, guest).endMerge(mergeId, outcome));
