import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Gateway } from "../../local/gateways/gateway.ts";
import { startStripe } from "../../local/processors/stripe.ts";
import { openStripe } from "../../src/payments/stripe.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { describeProcessor, type LedgerEntry } from "./contract.ts";

const SECRET = "sk_test_adapter";
let dir: string;
let processor: Gateway;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "frontage-stripe-"));
  processor = await startStripe({ port: 0, dir, secretKey: SECRET });
});
afterAll(async () => {
  await processor.close();
  rmSync(dir, { recursive: true, force: true });
});

describeProcessor("Stripe", {
  open: ({ url = processor.url, secret = SECRET } = {}) =>
    openStripe({ url, secretKey: secret, timeoutMs: 400, meter: new Meter() }),
  ledgerOf: async (checkoutId) => {
    const answer = await fetch(`${processor.url}/ledger?checkoutId=${checkoutId}`);
    return ((await answer.json()) as { entries: LedgerEntry[] }).entries;
  },
});
