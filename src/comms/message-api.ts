import { z } from "zod";
import { DependencyDown } from "../platform/dependency.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import type { SendOutcome } from "./model.ts";
import { callProvider, type ProviderAnswer, parseAnswer } from "./provider-call.ts";

export type MessageApi = {
  url: string;
  key: string;
  from: string;
  timeoutMs: number;
  meter: Meter;
};

const Accepted = z.object({ id: z.string().min(1).max(120) });
const Refused = z.object({ name: z.string().optional(), message: z.string().optional() });

/** This key was accepted before with another body: the message went out, and a template changed since. */
const SENT_BEFORE = "invalid_idempotent_request";
const REFUSED_STATUSES = new Set([400, 413, 422]);

/** Hands a message to an HTTP API that honours `Idempotency-Key` and answers `{ id }`. */
export async function postMessage(
  { url, key, from, timeoutMs, meter }: MessageApi,
  kind: "mail" | "sms",
  { path, message, idempotencyKey }: { path: string; message: object; idempotencyKey: string },
): Promise<SendOutcome> {
  const answer = await callProvider(
    { meter, timeoutMs },
    kind,
    `${url.replace(/\/$/, "")}${path}`,
    {
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        "Idempotency-Key": idempotencyKey,
      },
      body: JSON.stringify({ from, ...message }),
    },
  );
  return outcomeOf(kind, answer);
}

function outcomeOf(kind: string, answer: ProviderAnswer): SendOutcome {
  const { status } = answer;
  const said = parseAnswer(answer);
  const accepted = Accepted.safeParse(said);
  if (status >= 200 && status < 300 && accepted.success) {
    return { kind: "sent", messageId: accepted.data.id };
  }
  const refusal = Refused.safeParse(said).data;
  if (status === 409 && refusal?.name === SENT_BEFORE)
    return { kind: "sent", messageId: "unknown" };
  if (REFUSED_STATUSES.has(status)) {
    return { kind: "refused", reason: refusal?.message ?? refusal?.name ?? `HTTP ${status}` };
  }
  // Also wrong credentials: somebody can mend those while the message waits in its queue.
  throw new DependencyDown(kind, new Error(`HTTP ${status} ${refusal?.name ?? ""}`.trim()));
}
