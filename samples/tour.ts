// The README's five-minute tour through the typed client: `npm run tour`, beside `npm start`.
import { readFileSync } from "node:fs";
import { createClient } from "../src/client.ts";

const ports = JSON.parse(readFileSync(process.env.PORTS ?? ".local/ports.json", "utf8"));
const shop = createClient({ baseUrl: `http://127.0.0.1:${ports.api}` });

const home = await shop.content.page("home");
console.log("on the front page:", home.blocks.map((block) => block.title).join(", "));

const { items } = await shop.products.list({ category: "kitchen", sort: "price", limit: "3" });
console.log("cheapest in the kitchen:", items.map((item) => item.title).join(", "));

const cart = await shop.cart.add({ sku: "KH-STMU-LOWTIDE-01", quantity: 2 });
console.log("subtotal:", cart.totals.subtotal);

// An address of this tour's own: an account is made for it below.
const email = `ada-${Date.now()}@example.com`;
const { checkoutId, quote } = await shop.checkout.validate({
  email,
  shippingAddress: {
    name: "Ada Lovelace",
    line1: "12 Analytical Way",
    city: "Portland",
    postalCode: "97201",
    country: "US",
  },
});

const placed = await shop.checkout.complete({
  checkoutId,
  quoteId: quote.id,
  payment: { tokens: { stripe: "tok_ok" } },
});
if (!("order" in placed)) throw new Error("the payment is pending");
console.log("order:", placed.order.number, placed.order.total);

const order = await shop.orders.get(placed.order.id);
console.log("status:", order.status, "- the mail is at", `http://127.0.0.1:${ports.messages}`);

const password = "correct horse battery";
await shop.auth.register({ email, password });
await shop.auth.verifyEmail(await linkInMail(email));
const signedIn = await shop.auth.signIn({ email, password });
const { claimed } = await shop.me.claimOrders();
const mine = await shop.orders.list();
console.log(signedIn.status, "with", claimed.length, "order taken over of", mine.items.length);

/** What the shopper would click: the mail is the queue's work, and takes a moment. */
async function linkInMail(to: string): Promise<string> {
  for (let tries = 1; tries <= 100; tries += 1) {
    const sink = `http://127.0.0.1:${ports.messages}/messages?to=${encodeURIComponent(to)}`;
    const { messages } = (await (await fetch(sink)).json()) as { messages: { text: string }[] };
    const link = messages
      .map(({ text }) => /\/account\/verify#token=(\S+)/.exec(text)?.[1])
      .find((token) => token !== undefined);
    if (link !== undefined) return link;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail came to ${to}`);
}
