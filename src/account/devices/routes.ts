import { Hono } from "hono";
import { z } from "zod";
import { requireShopper } from "../../identity/index.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { DeviceId } from "../../shared/ids.ts";
import { ofAccount, WRITE_PROBLEMS } from "../me-routes.ts";
import { deleteDevice } from "./device-store.ts";
import { Device, DeviceList, NewDevice, RemovedDevice } from "./model.ts";
import { deviceView, openDevices, registerDevice } from "./own-devices.ts";

const Path = z.object({ deviceId: DeviceId });
const shopperRoute = { tag: "Account", audience: "shopper", signedIn: "required" } as const;

/** Where a shopper's orders are told of by push notification. */
export const deviceRoutes = new Hono<ApiEnv>()
  .get(
    "/me/devices",
    describe({
      ...shopperRoute,
      summary: "The devices that are told of the shopper's orders, the last seen first",
      responses: { 200: DeviceList },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { userId, sessionId } = c.var.shopper!;
      const rows = await openDevices(c.var.io, userId);
      return c.json(
        { items: rows.map((row) => deviceView(row, sessionId)), nextCursor: null },
        200,
      );
    },
  )
  .post(
    "/me/devices",
    describe({
      ...shopperRoute,
      summary:
        "Tell this device of the shopper's orders, as long as its session lasts; a repeat changes nothing else",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: Device },
      problems: WRITE_PROBLEMS,
    }),
    requireShopper,
    ofAccount,
    valid("json", NewDevice),
    async (c) => {
      const device = await registerDevice(c.var.io, c.var.shopper!, c.req.valid("json"));
      return c.json(device, 200);
    },
  )
  .delete(
    "/me/devices/:deviceId",
    describe({
      ...shopperRoute,
      summary: "Tell a device no more",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: RemovedDevice },
      problems: [...WRITE_PROBLEMS, "not-found"],
    }),
    requireShopper,
    ofAccount,
    valid("param", Path),
    async (c) => {
      const { deviceId: id } = c.req.valid("param");
      const { userId } = c.var.shopper!;
      if (!(await deleteDevice(c.var.io.sql, { userId, id }))) throw new Problem("not-found");
      return c.json({ id, removed: true as const }, 200);
    },
  );
