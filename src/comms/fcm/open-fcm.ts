import { z } from "zod";
import { DependencyDown } from "../../platform/dependency.ts";
import type { Push, PushOutcome, PushProvider } from "../model.ts";
import { callProvider, type ProviderAnswer, parseAnswer } from "../provider-call.ts";
import { accessToken, dropAccessToken, type FcmApi } from "./access-token.ts";
import { retryAfterSeconds } from "./retry-after.ts";

const Accepted = z.object({ name: z.string().min(1).max(200) });
const Refused = z.object({
  error: z.object({
    status: z.string().default(""),
    message: z.string().default(""),
    details: z
      .array(
        z.object({
          "@type": z.string().default(""),
          errorCode: z.string().optional(),
          fieldViolations: z.array(z.object({ field: z.string().default("") })).optional(),
        }),
      )
      .default([]),
  }),
});
type Refused = z.output<typeof Refused>["error"];

/** Push notifications by Firebase Cloud Messaging, to Android, iOS and browsers: HTTP v1, one call per device. */
export const openFcm = (api: FcmApi): PushProvider => ({
  async send(push) {
    const token = await accessToken(api);
    const { url, account } = api;
    const base = url.replace(/\/$/, "");
    const address = `${base}/v1/projects/${account.project_id}/messages:send`;
    const answer = await callProvider(api, "push", address, {
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ message: messageOf(push) }),
    });
    if (answer.status === 401) dropAccessToken(api, token);
    return outcomeOf(answer);
  },
});

/** The same for every kind of device: each reads its own part, and a double replaces the first on all. */
function messageOf({ token, title, body, link, replaces, tags }: Push): object {
  return {
    token,
    notification: { title, body },
    data: { link, ...Object.fromEntries(tags.map(({ name, value }) => [name, value])) },
    android: { collapse_key: replaces, notification: { tag: replaces } },
    apns: { headers: { "apns-collapse-id": replaces } },
    webpush: {
      notification: { tag: replaces },
      // It takes no other: a shop on this machine has to do without.
      ...(link.startsWith("https://") ? { fcm_options: { link } } : {}),
    },
  };
}

function outcomeOf(answer: ProviderAnswer): PushOutcome {
  const { status } = answer;
  const said = parseAnswer(answer);
  const accepted = Accepted.safeParse(said);
  if (status >= 200 && status < 300 && accepted.success) {
    return { kind: "sent", messageId: accepted.data.name };
  }
  const refusal = Refused.safeParse(said).data?.error;
  const code = refusal && codeOf(refusal);
  const reason = [`HTTP ${status}`, code].filter(Boolean).join(" ");
  // Only by its own word: a bare 404 is a wrong address or project, and would cost every device.
  if (status === 404 && code === "UNREGISTERED") return { kind: "gone", reason };
  if (status === 403 && code === "SENDER_ID_MISMATCH") return { kind: "foreign", reason };
  if (status === 400 && refusal) {
    return {
      kind: namesToken(refusal) ? "gone" : "refused",
      reason: `${reason} ${faultOf(refusal)}`,
    };
  }
  // Also wrong credentials: somebody can mend those while the message waits in its queue.
  throw new DependencyDown("push", new Error(reason), retryAfterSeconds(answer));
}

const codeOf = ({ details, status }: Refused): string =>
  details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? status;

const fieldsOf = ({ details }: Refused): string[] =>
  details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));

/** Whether it is the token that is wrong. A message that is wrong by itself must not cost its devices. */
function namesToken(refusal: Refused): boolean {
  const fields = fieldsOf(refusal);
  if (fields.length > 0) return fields.every((field) => field === "message.token");
  const isOwnError = refusal.details.some((detail) => detail["@type"].endsWith("FcmError"));
  return isOwnError && /registration token/i.test(refusal.message);
}

/** Names of fields only: what a provider quotes may be the token. */
const faultOf = (refusal: Refused): string => fieldsOf(refusal).join(" ").slice(0, 200);
