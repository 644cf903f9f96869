import { z } from "zod";
import { Grant, Role } from "./roles.ts";

export const MemberId = z.string().regex(/^stf_[0-9a-z]{1,36}$/);
export const KeyId = z.string().regex(/^key_[0-9a-z]{1,36}$/);

export const NewMember = z.object({
  name: z.string().trim().min(1).max(120),
  email: z.email().max(254),
  role: Role,
});
export const MemberChange = z
  .object({ role: Role.optional(), active: z.boolean().optional() })
  .refine(({ role, active }) => role !== undefined || active !== undefined, {
    message: "name role, active or both",
  });
export const MemberView = z
  .object({
    id: MemberId,
    name: z.string(),
    email: z.string(),
    role: Role,
    active: z.boolean().describe("The keys of a member who is not are refused"),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "StaffMember" });
export type MemberView = z.infer<typeof MemberView>;

const DAYS_MAX = 366;
export const NewKey = z.object({
  member: MemberId,
  name: z.string().trim().min(1).max(120).describe("What it is for"),
  scopes: z.array(Grant).min(1).max(Grant.options.length),
  expiresInDays: z.int().min(1).max(DAYS_MAX).default(90),
});
export type NewKey = z.infer<typeof NewKey>;

const OVERLAP_SECONDS_MAX = 7 * 86_400;
export const Rotation = z.object({
  overlapSeconds: z
    .int()
    .min(0)
    .max(OVERLAP_SECONDS_MAX)
    .default(86_400)
    .describe("For how long the old key goes on working beside the new one"),
});

export const KeyView = z
  .object({
    id: KeyId,
    member: MemberId,
    name: z.string(),
    scopes: z.array(z.string()),
    createdAt: z.iso.datetime(),
    createdBy: z.string().describe("The staff key that made it"),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
    replacedBy: KeyId.nullable().describe("The key that it was rotated to"),
    lastUsedAt: z.iso.datetime().nullable().describe("To the hour"),
  })
  .meta({ id: "StaffKey" });
export type KeyView = z.infer<typeof KeyView>;
export const RevokedKey = KeyView.extend({
  effectiveBy: z.iso.datetime().describe("From then on it is refused everywhere"),
}).meta({ id: "RevokedStaffKey" });
export const MadeKey = KeyView.extend({
  key: z.string().describe("Shown in this answer and never again"),
}).meta({ id: "MadeStaffKey" });
export type MadeKey = z.infer<typeof MadeKey>;
