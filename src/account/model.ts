import { z } from "zod";
import { Address } from "../orders/index.ts";
import { AddressId, UserId } from "../shared/ids.ts";

export const Me = z
  .object({
    id: UserId,
    email: z.string(),
    emailVerified: z.literal(true).describe("An account begins with the proof of its address"),
    name: z.string().nullable(),
    phone: z.string().nullable(),
    marketingConsent: z.boolean(),
    consentChangedAt: z.iso.datetime().nullable(),
    defaultAddressId: AddressId.nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof Me>;

/** What is left out stays; `null` takes away. */
export const MeChange = z.object({
  name: z.string().trim().min(1).max(120).nullable().optional(),
  phone: z.string().trim().min(3).max(40).nullable().optional(),
  marketingConsent: z.boolean().optional(),
  defaultAddressId: AddressId.nullable().optional(),
  email: z.never().optional().describe("Stays what was proven when the account was made"),
});
export type MeChange = z.infer<typeof MeChange>;

export const SavedAddress = Address.extend({
  id: AddressId,
  isDefault: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "SavedAddress" });
export type SavedAddress = z.infer<typeof SavedAddress>;

/** As an order takes it; the first address is the default one by itself. */
export const NewAddress = Address.extend({
  isDefault: z.boolean().optional().describe("Takes the place of the default so far"),
});
/** What is left out stays; an optional part is taken away by `""`. */
export const AddressChange = NewAddress.partial();

export const AddressList = z
  .object({ items: z.array(SavedAddress), nextCursor: z.null() })
  .meta({ id: "AddressList" });
export const DeletedAddress = z
  .object({ id: AddressId, deleted: z.literal(true) })
  .meta({ id: "DeletedAddress" });

export const ADDRESSES_MAX = 50;

export type AccountError =
  | { code: "account_unknown" }
  | { code: "address_unknown" }
  | { code: "address_limit"; max: number };
