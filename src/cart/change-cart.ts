import type { Io } from "../platform/io/io.ts";
import type { RateLimited } from "../platform/limits/index.ts";
import { accountKey } from "../promotions/index.ts";
import { assert } from "../shared/assert.ts";
import { CartId, LineId, newId } from "../shared/ids.ts";
import { cartHints } from "./cart-hints.ts";
import type { CodeTry } from "./code-try.ts";
import { type Gathered, gatherAll, joinGathered, type UsageWanted } from "./gather-all.ts";
import { missingFacts } from "./missing-facts.ts";
import {
  type CartChange,
  type CartHoldings,
  type CartOwner,
  holdingsOf,
  ownerName,
} from "./model.ts";
import type { ChangeReply, ChangeRequest } from "./object.ts";
import { planChange } from "./plan-change.ts";
import { type CartEnv, cartStub } from "./stub.ts";

export type CartChangeRequest = Pick<
  ChangeRequest,
  "change" | "create" | "status" | "idempotency" | "requestId"
> & {
  /** Whether nobody can have a cart under this owner's name yet: then it need not be asked for. */
  isNew: boolean;
  /** For a change that names a code, which could be guessed. */
  codeTry?: CodeTry | undefined;
};
type Reply = Exclude<ChangeReply, { kind: "needs_facts" }>;
export type CartChangeReply = Reply | { kind: "limited"; limited: RateLimited };

/** Another device may add a line between the question and the change, but not for ever. */
const ATTEMPTS_MAX = 4;
const NOTHING: CartHoldings = { skus: [], coupons: [], vouchers: [] };

/**
 * Makes one change and answers the whole cart. Two round trips where this isolate guesses rightly what
 * the cart holds: the facts, then the change. An isolate that has not seen the cart asks it beside
 * the first, which makes three.
 */
export async function changeCart(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
  request: CartChangeRequest,
): Promise<CartChangeReply> {
  const { codeTry, ...rest } = request;
  try {
    const [known, tried] = await Promise.all([
      firstFacts(io, env, owner, rest.change, rest.isNew),
      codeTry?.take(),
    ]);
    if (tried && !tried.ok) return { kind: "limited", limited: tried.error };
    const reply = await changeKnown(io, env, owner, rest, known);
    if (reply.kind === "changed" || reply.kind === "replay") codeTry?.settle("right");
    return reply;
  } catch (weather) {
    codeTry?.settle("unasked");
    throw weather;
  }
}

async function changeKnown(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
  { isNew, ...rest }: Omit<CartChangeRequest, "codeTry">,
  gathered: Gathered,
): Promise<Reply> {
  const { change, idempotency } = rest;
  const name = ownerName(owner);
  const currency = io.config.STORE_CURRENCY;
  let known = gathered;
  // Without a key there is no answer to repeat: a refusal need not make an object to be given.
  if (isNew && !idempotency) {
    const refused = refusedForNew(change, known, currency);
    if (refused) return refused;
  }

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { facts, offers } = known;
    const call = { ...rest, facts: [...facts.values()], offers, currency };
    const reply: ChangeReply = await io.meter.step("object", async () =>
      cartStub(env, owner).change(call),
    );
    if (reply.kind !== "needs_facts") {
      if (reply.kind === "changed") cartHints.set(name, reply.holds);
      return reply;
    }
    known = joinGathered(known, await gatherAll(io, env, reply.of));
  }
  assert(false, "a cart never stood still");
}

async function firstFacts(
  io: Io,
  env: CartEnv,
  owner: CartOwner,
  change: CartChange,
  isNew: boolean,
): Promise<Gathered> {
  const hinted = isNew ? NOTHING : cartHints.get(ownerName(owner));
  const wanted = withNamed(change, hinted ?? NOTHING);
  const usage = usageOf(change, owner);
  if (hinted) return gatherAll(io, env, wanted, usage);

  const [known, cart] = await Promise.all([
    gatherAll(io, env, wanted, usage),
    io.meter.step("object", async () => cartStub(env, owner).view()),
  ]);
  const missing = cart && missingFacts(holdingsOf(cart), known.facts, known.offers);
  return missing ? joinGathered(known, await gatherAll(io, env, missing)) : known;
}

function withNamed(change: CartChange, { skus, coupons, vouchers }: CartHoldings): CartHoldings {
  const also = <T>(all: readonly T[], named: T): T[] => [...new Set([...all, named])];
  switch (change.kind) {
    case "add":
      return { skus: also(skus, change.sku), coupons, vouchers };
    case "add_coupon":
      return { skus, coupons: also(coupons, change.code), vouchers };
    case "add_voucher":
      return { skus, coupons, vouchers: also(vouchers, change.voucherId) };
    default:
      return { skus, coupons, vouchers };
  }
}

/**
 * A coupon that is used up is refused when it is typed. Afterwards only the checkout asks again: one
 * popular code must not make one object answer for every cart that is looked at.
 */
function usageOf(change: CartChange, owner: CartOwner): UsageWanted {
  if (change.kind !== "add_coupon") return undefined;
  const shopper = owner.kind === "user" ? accountKey(owner.userId) : undefined;
  return { codes: [change.code], shopper };
}

function refusedForNew(
  change: CartChange,
  { facts, offers }: Gathered,
  currency: string,
): Reply | undefined {
  const cart = {
    cartId: newId(CartId, "crt"),
    version: 0,
    currency,
    mode: "standard" as const,
    postalCode: null,
    lines: [],
    coupons: [],
    vouchers: [],
  };
  const planned = planChange(cart, change, facts, newId(LineId, "lin"), offers);
  return planned.ok ? undefined : { kind: "refused", error: planned.error };
}
