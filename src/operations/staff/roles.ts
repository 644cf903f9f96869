import { z } from "zod";
import { SCOPES, scopesOf } from "../../platform/http/scope.ts";

/** What each role may do. A key of a member may do no more than the member's role, whenever that changes. */
export const ROLES = {
  /** Everything, staff and their keys among it. */
  owner: ["*"],
  /** Runs the shop from day to day. */
  operator: [
    "access:write",
    "audit:read",
    "catalog:write",
    "content:write",
    "inventory:write",
    "orders:write",
    "pages:write",
    "promotions:write",
    "queues:write",
    "vouchers:write",
    "webhooks:write",
  ],
  /** Helps shoppers: sees what they bought, and mends their orders. */
  support: [
    "accounts:read",
    "catalog:read",
    "content:read",
    "inventory:read",
    "orders:write",
    "promotions:read",
    "vouchers:read",
  ],
  /** Sees everything and changes nothing. */
  auditor: ["*:read"],
} as const satisfies Record<string, readonly string[]>;

export const Role = z.enum(Object.keys(ROLES) as [keyof typeof ROLES]);
export type Role = z.infer<typeof Role>;

/** What a key may be limited to: single scopes, all reads, or everything. */
export const Grant = z.enum(["*", "*:read", ...SCOPES]);

/** Whether grants give nothing that another set does not. Unlike a comparison of texts, this knows `*`. */
export const isWithin = (grants: readonly string[], limit: readonly string[]): boolean =>
  scopesOf(grants).length === scopesOf(grants, limit).length;
