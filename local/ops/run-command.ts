import type { Target } from "../catalog/target.ts";
import type { AccessCommand } from "./access-commands.ts";
import type {
  Blocked,
  Blocks,
  Consistency,
  Effective,
  Flags,
  Health,
  Order,
  Pages,
  Purged,
  Stock,
} from "./answers.ts";
import { ask } from "./ask.ts";
import type { Command } from "./read-command.ts";
import {
  renderAudit,
  renderHealth,
  renderOrder,
  renderPages,
  renderPurge,
  renderStock,
} from "./render.ts";
import { renderBlocked, renderBlocks, renderFlags } from "./render-access.ts";
import { runKeys } from "./run-keys.ts";

/** What to print, in both forms, and how the process ends. */
export type Outcome = { answer: unknown; text: string; exitCode: 0 | 1 };

const SERVICE_UNAVAILABLE = 503;

/** Asks the shop what a command means. Refusals are `CannotLoad`, thrown by `ask`. */
export async function runCommand(command: Command, target: Target): Promise<Outcome> {
  const get = <T>(path: string) => ask<T>(target, { method: "GET", path });
  switch (command.name) {
    case "purge": {
      const { tags, paths, all, dryRun } = command;
      const body = { tags, paths, ...(all ? { all } : {}), ...(dryRun ? { dryRun } : {}) };
      const answer = await ask<Purged>(target, { method: "POST", path: "/ops/v1/purge", body });
      return done(answer, renderPurge(answer, Date.now()));
    }
    case "pages": {
      const answer = await get<Pages>("/ops/v1/pages");
      return done(answer, renderPages(answer));
    }
    case "health": {
      const question = { method: "GET", path: "/api/v2/health" } as const;
      // A shop that is down says so with this status, and which part it is.
      const answer = await ask<Health>(target, { ...question, accept: SERVICE_UNAVAILABLE });
      return { ...done(answer, renderHealth(answer)), exitCode: answer.status === "down" ? 1 : 0 };
    }
    case "audit": {
      const answer = await walkOrders(get);
      return { ...done(answer, renderAudit(answer)), exitCode: answer.findings.length > 0 ? 1 : 0 };
    }
    case "keys":
      return runKeys(command, target);
    case "order": {
      const answer = await get<Order>(`/ops/v1/orders/${encodeURIComponent(command.orderId)}`);
      return done(answer, renderOrder(answer));
    }
    case "confirm-capture": {
      const { orderId, reference, note } = command;
      const path = `/ops/v1/orders/${encodeURIComponent(orderId)}/capture/confirm`;
      const answer = await ask<{ status: string }>(target, {
        method: "POST",
        path,
        body: { reference, note },
      });
      return done(answer, `recorded: the order is ${answer.status}`);
    }
    case "stock": {
      const { sku } = command;
      const answer = await get<Stock>(`/ops/v1/inventory/${encodeURIComponent(sku)}`);
      return done(answer, renderStock(sku, answer));
    }
    default:
      return runAccess(command, target, get);
  }
}

async function runAccess(
  command: AccessCommand,
  shop: Target,
  get: <T>(path: string) => Promise<T>,
): Promise<Outcome> {
  const path = "/ops/v1/blocks";
  switch (command.name) {
    case "block": {
      const { target, reason, until } = command;
      const body = { ...target, reason, ...(until === undefined ? {} : { until }) };
      const answer = await ask<Blocked>(shop, { method: "POST", path, body });
      return done(answer, renderBlocked(answer));
    }
    case "unblock": {
      const question = { method: "DELETE", path, body: command.target } as const;
      const answer = await ask<Effective>(shop, question);
      return done(answer, `let in by ${answer.effectiveBy}`);
    }
    case "blocks": {
      const items = await walkBlocks(get);
      return done({ items }, renderBlocks(items));
    }
    case "flag": {
      if (Object.keys(command.flags).length > 0) {
        const { flags } = command;
        await ask(shop, { method: "PUT", path: "/ops/v1/flags", body: { flags } });
      }
      const answer = await get<Flags>("/ops/v1/flags");
      return done(answer, renderFlags(answer.items));
    }
  }
}

async function walkBlocks(get: <T>(path: string) => Promise<T>): Promise<Blocks["items"]> {
  const items: Blocks["items"] = [];
  let cursor = "";
  do {
    const page = await get<Blocks>(`/ops/v1/blocks?limit=100${cursor}`);
    items.push(...page.items);
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor !== "");
  return items;
}

const done = (answer: unknown, text: string): Outcome => ({ answer, text, exitCode: 0 });

/** All pages as one. An order that is placed meanwhile may be on it or not; it is too young to be in doubt. */
async function walkOrders(get: <T>(path: string) => Promise<T>): Promise<Consistency> {
  const whole: Consistency = { findings: [], unknown: [], checked: 0, nextCursor: null };
  let cursor = "";
  do {
    const page = await get<Consistency>(`/ops/v1/audit/consistency?limit=50${cursor}`);
    whole.findings.push(...page.findings);
    whole.unknown.push(...page.unknown);
    whole.checked += page.checked;
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor !== "");
  return whole;
}
