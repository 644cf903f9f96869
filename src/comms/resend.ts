import { z } from "zod";
import { DependencyDown } from "../platform/dependency.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import type { Mail, MailOutcome, MailProvider } from "./model.ts";

export type ResendOptions = {
  url: string;
  key: string;
  from: string;
  timeoutMs: number;
  meter: Meter;
};

const Accepted = z.object({ id: z.string().min(1).max(120) });
const Refused = z.object({ name: z.string().optional(), message: z.string().optional() });

/** This key was accepted before with another body: the mail went out, and a template changed since. */
const SENT_BEFORE = "invalid_idempotent_request";
const REFUSED_STATUSES = new Set([400, 413, 422]);

/** Mail over the HTTP API of Resend: `POST /emails` with an `Idempotency-Key`, remembered for a day. */
export function openResend({ url, key, from, timeoutMs, meter }: ResendOptions): MailProvider {
  const post = (mail: Mail, idempotencyKey: string) =>
    meter.step("mail", async () => {
      try {
        const response = await fetch(`${url.replace(/\/$/, "")}/emails`, {
          method: "POST",
          headers: {
            Authorization: `Bearer ${key}`,
            "Content-Type": "application/json",
            "Idempotency-Key": idempotencyKey,
          },
          body: JSON.stringify({ from, ...mail }),
          signal: AbortSignal.timeout(timeoutMs),
        });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        throw new DependencyDown("mail", error);
      }
    });
  return { send: async (mail, idempotencyKey) => outcomeOf(await post(mail, idempotencyKey)) };
}

function outcomeOf({ status, body }: { status: number; body: string }): MailOutcome {
  const answer = parseJson(body);
  const accepted = Accepted.safeParse(answer);
  if (status >= 200 && status < 300 && accepted.success) {
    return { kind: "sent", messageId: accepted.data.id };
  }
  const refusal = Refused.safeParse(answer).data;
  if (status === 409 && refusal?.name === SENT_BEFORE)
    return { kind: "sent", messageId: "unknown" };
  if (REFUSED_STATUSES.has(status)) {
    return { kind: "refused", reason: refusal?.message ?? refusal?.name ?? `HTTP ${status}` };
  }
  // Also wrong credentials: somebody can mend those while the message waits in its queue.
  throw new DependencyDown("mail", new Error(`HTTP ${status} ${refusal?.name ?? ""}`.trim()));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
