import { expectTypeOf } from "vitest";
import type { ProblemError, StorefrontClient } from "../src/client.ts";

const CONTACT = {
  email: "ada@example.com",
  shippingAddress: {
    name: "Ada",
    line1: "12 Analytical Way",
    city: "Portland",
    postalCode: "97201",
    country: "US",
  },
};

// Never called: the compiler is the test, and `npm run verify` runs it.
export async function typed(client: StorefrontClient, error: ProblemError): Promise<void> {
  const cart = await client.cart.get();
  expectTypeOf(cart.version).toEqualTypeOf<number>();
  expectTypeOf(cart.totals.total).toEqualTypeOf<{ amount: number; currency: string }>();
  expectTypeOf(cart.mode).toEqualTypeOf<"standard" | "hyperlocal" | "split">();
  // @ts-expect-error: it is `lines`
  cart.items;

  const { items, nextCursor } = await client.products.list({ sort: "-price", limit: "5" });
  expectTypeOf(nextCursor).toEqualTypeOf<string | null>();
  expectTypeOf(items[0]!.priceFrom.amount).toEqualTypeOf<number>();
  // @ts-expect-error: there is no such sort
  await client.products.list({ sort: "cheapest" });
  // @ts-expect-error: there is no such filter
  await client.products.list({ colour: "red" });

  const page = await client.content.page("about");
  expectTypeOf(page.blocks[0]!.title).toEqualTypeOf<string>();
  expectTypeOf(page.seo.description).toEqualTypeOf<string | null>();
  const block = await client.content.block("footer");
  expectTypeOf(block.bodyHtml).toEqualTypeOf<string>();
  // @ts-expect-error: whether it is published is the editors' business
  block.published;

  await client.cart.add({ sku: "A", quantity: 1 });
  // @ts-expect-error: a quantity is a number
  await client.cart.add({ sku: "A", quantity: "1" });
  // @ts-expect-error: a quantity is needed
  await client.cart.add({ sku: "A" });
  // @ts-expect-error: there is no such mode
  await client.cart.setMode({ mode: "drone" });

  const { coupons } = await client.cart.applyCoupon("SALE");
  expectTypeOf(coupons[0]!.discount.amount).toEqualTypeOf<number>();
  // @ts-expect-error: a code is needed
  await client.cart.applyVoucher();

  const { quote, checkoutId } = await client.checkout.validate(CONTACT);
  // @ts-expect-error: an address is needed
  await client.checkout.validate({ email: "ada@example.com" });

  const completion = { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } };
  const completed = await client.checkout.complete(completion);
  // @ts-expect-error: the payment may be pending, and then there is no order
  completed.order;
  if ("order" in completed) expectTypeOf(completed.order.token).toEqualTypeOf<string>();
  else expectTypeOf(completed.status).toEqualTypeOf<"payment_pending">();

  const answer = await client.raw.api.v2.processorder.$post({ json: completion });
  expectTypeOf(answer.status).toEqualTypeOf<201 | 202>();
  if (answer.status === 202) {
    const pending = await answer.json();
    expectTypeOf(pending.status).toEqualTypeOf<"payment_pending">();
    // @ts-expect-error: 202 has no order
    pending.order;
  } else {
    expectTypeOf((await answer.json()).order.number).toEqualTypeOf<string>();
  }

  const order = await client.orders.get("ord_1");
  expectTypeOf(order.status).toEqualTypeOf<
    "placed" | "paid" | "fulfilled" | "cancelled" | "refunded"
  >();
  const { returnId } = await client.orders.requestReturn("ord_1", {
    lines: [{ lineId: "lin_1", quantity: 1 }],
  });
  expectTypeOf(returnId).toEqualTypeOf<string>();
  // @ts-expect-error: lines are needed
  await client.orders.requestReturn("ord_1", { reason: "too small" });

  const signedIn = await client.auth.signIn({ email: "ada@example.com", password: "a secret" });
  // @ts-expect-error: a second factor may be asked for, and then there is no cart yet
  signedIn.cart;
  if (signedIn.status === "second-factor") {
    expectTypeOf(signedIn.twoFactorToken).toEqualTypeOf<string>();
  } else {
    expectTypeOf(signedIn.cart?.version).toEqualTypeOf<number | undefined>();
  }
  const me = await client.me.update({ marketingConsent: true, name: null });
  expectTypeOf(me.name).toEqualTypeOf<string | null>();
  // @ts-expect-error: an address is changed by proof, not by itself
  await client.me.update({ email: "eve@example.com" });
  // @ts-expect-error: an address has a city
  await client.me.addresses.add({ name: "Ada", line1: "1", postalCode: "1", country: "US" });
  const device = await client.me.devices.register({ token: "t", platform: "ios", locale: "de" });
  expectTypeOf(device.name).toEqualTypeOf<string | null>();
  // @ts-expect-error: a token is never shown again
  device.token;
  // @ts-expect-error: there is no such platform
  await client.me.devices.register({ token: "t", platform: "fridge" });
  const mine = await client.orders.list({ limit: "5" });
  expectTypeOf(mine.items[0]!.number).toEqualTypeOf<string>();
  const { orders } = await client.me.export();
  expectTypeOf(orders[0]!.id).toExtend<string>();

  if (error.slug === "insufficient-stock") expectTypeOf(error.status).toEqualTypeOf<number>();
  // @ts-expect-error: there is no such problem
  if (error.slug === "out-of-stock") return;
}
