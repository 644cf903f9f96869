import { Hono } from "hono";
import { z } from "zod";
import { cachedUser, requireRecent, requireShopper } from "../identity/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { invalid } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { OrderId } from "../shared/ids.ts";
import { accountProblem } from "./account-problem.ts";
import { changeMe, findMe } from "./change-me.ts";
import { claimGuestOrders } from "./claim-guest-orders.ts";
import { eraseAccount } from "./erase-account.ts";
import { AccountExport, exportAccount } from "./export-account.ts";
import { Me, MeChange } from "./model.ts";

const ClaimedOrders = z
  .object({
    claimed: z.array(OrderId).describe("What came to the account by this request"),
    more: z.boolean().describe("Ask again for the rest"),
  })
  .meta({ id: "ClaimedOrders" });
const ErasedAccount = z
  .object({
    erased: z.literal(true),
    ordersKept: z
      .int()
      .describe("Orders that say who bought until they are over; they are seen to without asking"),
  })
  .meta({ id: "ErasedAccount" });

/** Whose keys they are: an account's own. */
export const ofAccount = idempotent((c) => `account:${c.var.shopper?.userId}`);

export const WRITE_PROBLEMS = [
  "unauthorized",
  "request-invalid",
  "idempotency-key-reused",
  "request-in-progress",
  "dependency-unavailable",
] as const;

const shopperRoute = { tag: "Account", audience: "shopper", signedIn: "required" } as const;
const gone = () => accountProblem({ code: "account_unknown" });

export const meRoutes = new Hono<ApiEnv>()
  .get(
    "/me",
    describe({
      ...shopperRoute,
      summary: "Who is signed in",
      responses: { 200: Me },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { io, shopper } = c.var;
      const { userId } = shopper!;
      const later = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
      const view = {
        read: () => findMe(io, userId),
        parse: (kept: unknown) => Me.safeParse(kept).data,
      };
      const me = await cachedUser(io, userId, view, later);
      if (!me) throw gone();
      return c.json(me, 200);
    },
  )
  .patch(
    "/me",
    describe({
      ...shopperRoute,
      summary: "Change what one says of oneself",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: Me },
      problems: WRITE_PROBLEMS,
    }),
    requireShopper,
    ofAccount,
    valid("json", MeChange),
    async (c) => {
      const changed = await changeMe(c.var.io, c.var.shopper!.userId, c.req.valid("json"));
      if (changed.ok) return c.json(changed.value, 200);
      if (changed.error.code === "account_unknown") throw gone();
      const message = "is none of the account's addresses";
      throw invalid({ pointer: "/defaultAddressId", code: changed.error.code, message });
    },
  )
  .delete(
    "/me",
    describe({
      ...shopperRoute,
      summary:
        "Be forgotten: the account, its sessions and cart now, its orders once they are over",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: ErasedAccount },
      problems: [...WRITE_PROBLEMS, "step-up-required"],
    }),
    requireShopper,
    requireRecent,
    ofAccount,
    async (c) => {
      const { ordersKept } = await eraseAccount(c.var.io, c.env, c.var.shopper!.userId);
      return c.json({ erased: true as const, ordersKept }, 200);
    },
  )
  .get(
    "/me/export",
    describe({
      ...shopperRoute,
      summary: "All that is kept of the shopper, and what others hold",
      responses: { 200: AccountExport },
      problems: ["unauthorized", "step-up-required", "dependency-unavailable"],
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const exported = await exportAccount(c.var.io, c.env, c.var.shopper!.userId);
      if (!exported) throw gone();
      return c.json(exported, 200);
    },
  )
  .post(
    "/me/orders/claim",
    describe({
      ...shopperRoute,
      summary: "Take over the orders that were placed as a guest with the account's own address",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: ClaimedOrders },
      problems: WRITE_PROBLEMS,
    }),
    requireShopper,
    ofAccount,
    async (c) => {
      const claimed = await claimGuestOrders(c.var.io, c.env, c.var.shopper!.userId);
      if (!claimed.ok) throw gone();
      return c.json(claimed.value, 200);
    },
  );
