const encoder = new TextEncoder();
const PREFIX = "whsec_";

/**
 * Signs a webhook as Standard Webhooks 1.0 says: HMAC-SHA-256 over `id.timestamp.body`, as
 * `v1,<base64>`. The body is signed as it is sent, byte for byte.
 */
export async function signWebhook(
  secret: string,
  { id, timestampSeconds, body }: { id: string; timestampSeconds: number; body: string },
): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.slice(PREFIX.length)), (sign) => sign.charCodeAt(0));
  const mac = await hmac(bytes, `${id}.${timestampSeconds}.${body}`);
  return `v1,${base64(mac)}`;
}

/**
 * The secret of one endpoint, made from the deployment's own: nothing is stored that could be read out
 * of the database and used to forge a webhook.
 */
export async function derivedWebhookSecret(master: string, endpointId: string): Promise<string> {
  const mac = await hmac(encoder.encode(master), `webhook-endpoint|${endpointId}`);
  return `${PREFIX}${base64(mac)}`;
}

async function hmac(keyBytes: ArrayBuffer | ArrayBufferView, message: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", keyBytes, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(message)));
}

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
