import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import { CartId, LineId, newId, type Sku } from "../shared/ids.ts";
import { gatherFacts } from "./gather-facts.ts";
import { type CartChange, type CartOwner, ownerName, type SkuFacts } from "./model.ts";
import type { ChangeReply, ChangeRequest } from "./object.ts";
import { planChange } from "./plan-change.ts";
import { skuHints } from "./sku-hints.ts";
import { type CartEnv, cartStub } from "./stub.ts";

export type CartChangeRequest = Pick<
  ChangeRequest,
  "change" | "create" | "status" | "idempotency" | "requestId"
>;
export type CartChangeReply = Exclude<ChangeReply, { kind: "needs_facts" }>;

/** Another device may add a line between the question and the change, but not for ever. */
const ATTEMPTS_MAX = 4;

/**
 * Makes one change and answers the whole cart. Two round trips where this isolate guesses the cart's
 * SKUs right: the facts, then the change. An isolate that has not seen the cart asks for its SKUs
 * beside the first, which makes three.
 */
export async function changeCart(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
  request: CartChangeRequest,
): Promise<CartChangeReply> {
  const { change, create, idempotency } = request;
  const name = ownerName(owner);
  const currency = io.config.STORE_CURRENCY;
  const facts = await firstFacts(io, env, owner, change, create);
  // Without a key there is no answer to repeat: a refusal need not make an object to be given.
  if (create && !idempotency) {
    const refused = refusedForNew(change, facts, currency);
    if (refused) return refused;
  }

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const call = { ...request, facts: [...facts.values()], currency };
    const reply: ChangeReply = await io.meter.step("object", async () =>
      cartStub(env, owner).change(call),
    );
    if (reply.kind !== "needs_facts") {
      if (reply.kind === "changed") skuHints.set(name, reply.skus);
      return reply;
    }
    for (const [sku, known] of await gatherFacts(io, env, reply.skus)) facts.set(sku, known);
  }
  assert(false, "a cart never stood still");
}

async function firstFacts(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
  change: CartChange,
  create: boolean,
): Promise<Map<Sku, SkuFacts>> {
  const hinted = create ? [] : skuHints.get(ownerName(owner));
  const named = change.kind === "add" ? [change.sku] : [];
  const wanted = [...new Set([...named, ...(hinted ?? [])])];
  if (hinted) return gatherFacts(io, env, wanted);

  const [facts, cart] = await Promise.all([
    gatherFacts(io, env, wanted),
    io.meter.step("object", async () => cartStub(env, owner).view()),
  ]);
  const missing = (cart?.lines ?? []).map(({ sku }) => sku).filter((sku) => !facts.has(sku));
  return new Map([...facts, ...(await gatherFacts(io, env, missing))]);
}

function refusedForNew(
  change: CartChange,
  facts: ReadonlyMap<Sku, SkuFacts>,
  currency: string,
): CartChangeReply | undefined {
  const mode = "standard" as const;
  const cart = { cartId: newId(CartId, "crt"), version: 0, currency, mode, postalCode: null };
  const planned = planChange({ ...cart, lines: [] }, change, facts, newId(LineId, "lin"));
  return planned.ok ? undefined : { kind: "refused", error: planned.error };
}
