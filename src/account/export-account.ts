import { z } from "zod";
import { type CartBinding, exportCart } from "../cart/index.ts";
import { listSessions, signInMeans } from "../identity/index.ts";
import { listOrders, type OrderPlace, OrderView, orderView } from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import type { UserId } from "../shared/ids.ts";
import { ownAddresses } from "./change-addresses.ts";
import { findMe } from "./change-me.ts";
import { Device } from "./devices/model.ts";
import { deviceOnly, openDevices } from "./devices/own-devices.ts";
import { Me, SavedAddress } from "./model.ts";

const ORDERS_PER_PAGE = 100;
/** Who has bought more often gets the latest of them, and is told so. */
const PAGES_MAX = 10;

const When = z.iso.datetime();
const Session = z.object({
  id: z.string(),
  methods: z.array(z.string()),
  startedAt: When,
  lastUsedAt: When,
  expiresAt: When,
});
const SignIn = z.object({
  passwordChangedAt: When.nullable(),
  authenticatorSince: When.nullable(),
  passkeys: z.array(
    z.object({ id: z.string(), name: z.string(), createdAt: When, lastUsedAt: When.nullable() }),
  ),
  providers: z.array(z.object({ issuer: z.string(), linkedAt: When })),
});
const Cart = z.object({
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  coupons: z.array(z.string()),
  vouchers: z.array(z.string()),
  mode: z.string(),
  postalCode: z.string().nullable(),
});
const Holder = z.object({ who: z.string(), what: z.string(), untilWhen: z.string() });

export const AccountExport = z
  .object({
    exportedAt: When,
    profile: Me,
    addresses: z.array(SavedAddress),
    signIn: SignIn,
    sessions: z.array(Session),
    devices: z.array(Device.omit({ current: true })),
    cart: Cart.nullable(),
    orders: z.array(OrderView),
    ordersComplete: z.boolean().describe("False for more than a thousand: these are the latest"),
    heldByOthers: z.array(Holder),
  })
  .meta({ id: "AccountExport" });
export type AccountExport = z.infer<typeof AccountExport>;

/** What of a shopper stands elsewhere than in our databases, as far as an export can say it. */
const HELD_BY_OTHERS: z.infer<typeof Holder>[] = [
  {
    who: "the payment processor that an order names",
    what: "the payment and the card behind it, which never come here",
    untilWhen: "as its own terms and the law on payments say",
  },
  {
    who: "the providers of mail, SMS and push notifications",
    what: "the messages about orders and the account, with the address, number or device they went to",
    untilWhen: "as their own terms say",
  },
  {
    who: "the shop's warehouse and bookkeeping systems",
    what: "each paid order, with the address that it is sent to",
    untilWhen: "as the law on bookkeeping says",
  },
  {
    who: "this API, beside what is listed here",
    what: "running checkouts (contact and quote) and answers kept for repeated requests",
    untilWhen: "30 days and 25 hours",
  },
];

/** Everything that is kept of a shopper. `undefined` for an account that was closed a moment ago. */
export async function exportAccount(
  io: Io,
  env: CartBinding,
  userId: UserId,
): Promise<AccountExport | undefined> {
  const nowMs = io.clock.nowMs();
  const [profile, addresses, signIn, sessions, devices, cart, { orders, isWhole }] =
    await Promise.all([
      findMe(io, userId),
      ownAddresses(io, userId),
      signInOf(io, userId),
      listSessions(io.sql, userId, nowMs),
      openDevices(io, userId),
      exportCart(io, env, userId),
      allOrders(io, userId),
    ]);
  if (!profile) return undefined;
  return {
    exportedAt: timestamp(nowMs),
    profile,
    addresses,
    signIn,
    sessions: sessions.map(({ id, methods, startedAtMs, rotatedAtMs, expiresAtMs }) => ({
      id,
      methods,
      startedAt: timestamp(startedAtMs),
      lastUsedAt: timestamp(rotatedAtMs),
      expiresAt: timestamp(expiresAtMs),
    })),
    devices: devices.map(deviceOnly),
    cart,
    orders,
    ordersComplete: isWhole,
    heldByOthers: HELD_BY_OTHERS,
  };
}

async function signInOf({ sql }: Pick<Io, "sql">, userId: UserId): Promise<z.infer<typeof SignIn>> {
  const means = await signInMeans(sql, userId);
  const when = (atMs: number | null | undefined) => (atMs == null ? null : timestamp(atMs));
  return {
    passwordChangedAt: when(means.passwordChangedAtMs),
    authenticatorSince: when(means.authenticatorSinceMs),
    passkeys: means.passkeys.map(({ id, name, createdAtMs, lastUsedAtMs }) => ({
      id,
      name,
      createdAt: timestamp(createdAtMs),
      lastUsedAt: when(lastUsedAtMs),
    })),
    providers: means.providers.map(({ issuer, linkedAtMs }) => ({
      issuer,
      linkedAt: timestamp(linkedAtMs),
    })),
  };
}

async function allOrders(
  io: Io,
  userId: UserId,
): Promise<{ orders: OrderView[]; isWhole: boolean }> {
  const orders: OrderView[] = [];
  let after: OrderPlace | undefined;
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { items, next } = await listOrders(io, {
      ownerId: userId,
      limit: ORDERS_PER_PAGE,
      after,
    });
    orders.push(...items.map(orderView));
    if (!next) return { orders, isWhole: true };
    after = next;
  }
  return { orders, isWhole: false };
}
