import { createPublicKey, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { jwtVerify } from "jose";
import { z } from "zod";
import type { ServiceAccount } from "../../src/platform/config/config.ts";
import { type GatewayReply, type GatewayRequest, parseJson } from "../gateways/gateway.ts";

/** What can be wrong with one device. `answer_lost`: it is told, and the connection is cut. */
const DEVICE_FAULTS = {
  unregistered: [404, "UNREGISTERED", "Requested entity was not found."],
  foreign: [403, "SENDER_ID_MISMATCH", "SenderId mismatch"],
  quota: [429, "QUOTA_EXCEEDED", "Message rate exceeded for this device."],
  unavailable: [503, "UNAVAILABLE", "The service is currently unavailable."],
  internal: [500, "INTERNAL", "Internal error encountered."],
  no_certificate: [401, "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"],
  bad_message: [400, "INVALID_ARGUMENT", "Invalid value"],
  answer_lost: [200, "", ""],
} as const;
type DeviceFault = keyof typeof DEVICE_FAULTS;

const FaultRequest = z.strictObject({
  token: z.string(),
  fault: z.enum(Object.keys(DEVICE_FAULTS) as [DeviceFault, ...DeviceFault[]]).nullable(),
  retryAfterSeconds: z.int().optional(),
});

const Texts = z.record(z.string(), z.string());
/** Strict, as the hosted service is: a field that it does not know is an error. */
const Send = z.strictObject({
  validate_only: z.boolean().optional(),
  message: z.strictObject({
    token: z.string(),
    notification: z.strictObject({ title: z.string(), body: z.string() }),
    data: Texts.refine(
      (data) => !Object.keys(data).some((key) => /^(?:from$|google|gcm)/.test(key)),
    ),
    android: z.strictObject({
      collapse_key: z.string(),
      notification: z.strictObject({ tag: z.string() }),
    }),
    apns: z.strictObject({
      headers: z.strictObject({ "apns-collapse-id": z.string().max(64) }),
    }),
    webpush: z.strictObject({
      notification: z.strictObject({ tag: z.string() }),
      fcm_options: z.strictObject({ link: z.url({ protocol: /^https$/ }) }).optional(),
    }),
  }),
});
export type SentPush = { name: string; message: z.infer<typeof Send>["message"]; project: string };

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const LIFE_SECONDS = 3_599;
const MESSAGE_BYTES_MAX = 4_096;
const TOKEN = /^[\w-]{8,}:[\w-]{20,}$/;

export type FcmOptions = {
  account: ServiceAccount;
  nowMs: () => number;
  /** Keeps what was sent. */
  keep: (push: SentPush) => void;
};

/**
 * Firebase Cloud Messaging as the shop uses it: the token endpoint that checks an assertion's signature,
 * and `messages:send`. Access tokens are lost with a restart, as if they had been revoked.
 */
export class FcmDesk {
  readonly #options: FcmOptions;
  readonly #key: KeyObject;
  readonly #grants = new Map<string, number>();
  readonly #faults = new Map<string, z.infer<typeof FaultRequest>>();

  constructor(options: FcmOptions) {
    this.#options = options;
    this.#key = createPublicKey(options.account.private_key);
  }

  /** What a test turns. `undefined` for any other request. */
  control({ method, path, body }: GatewayRequest): GatewayReply | undefined {
    if (method === "POST" && path === "/push/revoke") {
      this.#grants.clear();
      return { status: 200, json: {} };
    }
    if (method !== "PUT" || path !== "/push/faults") return undefined;
    const asked = FaultRequest.safeParse(parseJson(body));
    if (!asked.success) return { status: 422, json: { errors: z.flattenError(asked.error) } };
    this.#faults.set(asked.data.token, asked.data);
    return { status: 200, json: asked.data };
  }

  /** RFC 7523, with Google's errors. */
  async grant({ body }: GatewayRequest): Promise<GatewayReply> {
    const form = new URLSearchParams(body);
    const refuse = (error: string, description: string): GatewayReply => ({
      status: 400,
      json: { error, error_description: description },
    });
    if (form.get("grant_type") !== GRANT) return refuse("unsupported_grant_type", "Invalid grant");
    const { account, nowMs } = this.#options;
    try {
      const { payload } = await jwtVerify(form.get("assertion") ?? "", this.#key, {
        algorithms: ["RS256"],
        issuer: account.client_email,
        audience: account.token_uri,
        requiredClaims: ["iat", "exp"],
        currentDate: new Date(nowMs()),
        maxTokenAge: "1h",
      });
      if (payload.scope !== SCOPE) return refuse("invalid_scope", "Invalid OAuth scope");
      if (payload.exp! - payload.iat! > 3_600)
        return refuse("invalid_grant", "Invalid JWT: too long");
    } catch {
      return refuse("invalid_grant", "Invalid JWT Signature.");
    }
    const token = `ya29.local-${randomBytes(24).toString("base64url")}`;
    this.#grants.set(token, nowMs() + LIFE_SECONDS * 1_000);
    const granted = { access_token: token, expires_in: LIFE_SECONDS, token_type: "Bearer" };
    return { status: 200, json: granted };
  }

  send({ path, headers, body }: GatewayRequest): GatewayReply {
    const { account, nowMs, keep } = this.#options;
    const shown = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    if ((this.#grants.get(shown) ?? 0) <= nowMs()) {
      return failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
    const project = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(path)?.[1] ?? "";
    if (project !== account.project_id) {
      return failure(403, "PERMISSION_DENIED", "Permission denied on the project");
    }
    const asked = Send.safeParse(parseJson(body));
    if (!asked.success) {
      return badField(String(asked.error.issues[0]?.path.join(".") ?? "message"));
    }
    const { message } = asked.data;
    const { token, notification, data } = message;
    if (Buffer.byteLength(JSON.stringify({ notification, data })) > MESSAGE_BYTES_MAX) {
      return badField("message");
    }
    if (!TOKEN.test(token)) return badField("message.token");
    const { fault = null, retryAfterSeconds } = this.#faults.get(token) ?? {};
    if (fault === "bad_message") return badField("message.android.ttl");
    if (fault !== null && fault !== "answer_lost") {
      const [status, code, text] = DEVICE_FAULTS[fault];
      return failure(status, code, text, retryAfterSeconds);
    }
    const name = `projects/${project}/messages/${randomUUID()}`;
    keep({ name, message, project });
    return fault === "answer_lost" ? "hang-up" : { status: 200, json: { name } };
  }
}

const TYPE = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const CANONICAL: Record<string, string> = {
  UNREGISTERED: "NOT_FOUND",
  SENDER_ID_MISMATCH: "PERMISSION_DENIED",
  QUOTA_EXCEEDED: "RESOURCE_EXHAUSTED",
  THIRD_PARTY_AUTH_ERROR: "UNAUTHENTICATED",
};

function failure(code: number, errorCode: string, message: string, wait?: number): GatewayReply {
  const status = CANONICAL[errorCode] ?? errorCode;
  const details = [{ "@type": TYPE, errorCode }];
  const headers: Record<string, string> = wait === undefined ? {} : { "Retry-After": `${wait}` };
  return { status: code, json: { error: { code, message, status, details } }, headers };
}

function badField(field: string): GatewayReply {
  const description = `Invalid value at '${field}'`;
  const violation = { field, description };
  const details = [
    { "@type": TYPE, errorCode: "INVALID_ARGUMENT" },
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [violation] },
  ];
  const error = { code: 400, message: description, status: "INVALID_ARGUMENT", details };
  return { status: 400, json: { error } };
}
