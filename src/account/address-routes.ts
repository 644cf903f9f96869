import { Hono } from "hono";
import { z } from "zod";
import { requireShopper } from "../identity/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { valid } from "../platform/http/valid.ts";
import { AddressId } from "../shared/ids.ts";
import { accountProblem } from "./account-problem.ts";
import { addAddress, changeAddress, ownAddresses, removeAddress } from "./change-addresses.ts";
import { ofAccount, WRITE_PROBLEMS } from "./me-routes.ts";
import { AddressChange, AddressList, DeletedAddress, NewAddress, SavedAddress } from "./model.ts";

const Path = z.object({ addressId: AddressId });
const shopperRoute = { tag: "Account", audience: "shopper", signedIn: "required" } as const;

export const addressRoutes = new Hono<ApiEnv>()
  .get(
    "/me/addresses",
    describe({
      ...shopperRoute,
      summary: "The shopper's addresses, the oldest first",
      responses: { 200: AddressList },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const items = await ownAddresses(c.var.io, c.var.shopper!.userId);
      return c.json({ items, nextCursor: null }, 200);
    },
  )
  .post(
    "/me/addresses",
    describe({
      ...shopperRoute,
      summary: "Keep an address; the first is the default one",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: SavedAddress },
      problems: WRITE_PROBLEMS,
    }),
    requireShopper,
    ofAccount,
    valid("json", NewAddress),
    async (c) => {
      const added = await addAddress(c.var.io, c.var.shopper!.userId, c.req.valid("json"));
      if (!added.ok) throw accountProblem(added.error);
      return c.json(added.value, 201);
    },
  )
  .patch(
    "/me/addresses/:addressId",
    describe({
      ...shopperRoute,
      summary: "Change an address; orders keep the one they were placed with",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: SavedAddress },
      problems: [...WRITE_PROBLEMS, "not-found"],
    }),
    requireShopper,
    ofAccount,
    valid("param", Path),
    valid("json", AddressChange),
    async (c) => {
      const { addressId: id } = c.req.valid("param");
      const { userId } = c.var.shopper!;
      const changed = await changeAddress(c.var.io, { userId, id }, c.req.valid("json"));
      if (!changed.ok) throw accountProblem(changed.error);
      return c.json(changed.value, 200);
    },
  )
  .delete(
    "/me/addresses/:addressId",
    describe({
      ...shopperRoute,
      summary: "Forget an address",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: DeletedAddress },
      problems: [...WRITE_PROBLEMS, "not-found"],
    }),
    requireShopper,
    ofAccount,
    valid("param", Path),
    async (c) => {
      const { addressId: id } = c.req.valid("param");
      const removed = await removeAddress(c.var.io, { userId: c.var.shopper!.userId, id });
      if (!removed.ok) throw accountProblem(removed.error);
      return c.json({ id, deleted: true as const }, 200);
    },
  );
