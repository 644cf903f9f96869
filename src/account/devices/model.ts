import { z } from "zod";
import { DeviceId } from "../../shared/ids.ts";

export const DEVICE_PLATFORMS = ["android", "ios", "web"] as const;
export type DevicePlatform = (typeof DEVICE_PLATFORMS)[number];

/** A shopper's telephone, tablet and computers. The one unused for longest makes room for one more. */
export const DEVICES_MAX = 10;

const Platform = z.enum(DEVICE_PLATFORMS);
const Name = z.string().trim().min(1).max(60).describe("For its owner's list");
const Locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/)
  .describe("BCP 47, as the device is set");

/** What is left out is forgotten: a registration says all there is to say. */
export const NewDevice = z.object({
  token: z
    .string()
    .regex(/^[\x21-\x7e]{1,1000}$/)
    .describe("The registration token of Firebase Cloud Messaging; never shown again"),
  platform: Platform,
  locale: Locale.optional(),
  name: Name.optional(),
});
export type NewDevice = z.infer<typeof NewDevice>;

export const Device = z
  .object({
    id: DeviceId,
    current: z.boolean().describe("Registered under the session that asks"),
    platform: Platform,
    locale: z.string().nullable(),
    name: z.string().nullable(),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe("When it was last registered"),
  })
  .meta({ id: "Device" });
export type Device = z.infer<typeof Device>;

export const DeviceList = z
  .object({ items: z.array(Device), nextCursor: z.null() })
  .meta({ id: "DeviceList" });
export const RemovedDevice = z
  .object({ id: DeviceId, removed: z.literal(true) })
  .meta({ id: "RemovedDevice" });
