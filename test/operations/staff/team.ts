import { call } from "../../support/worker-shop.ts";

export type Key = {
  id: string;
  key: string;
  member: string;
  scopes: string[];
  expiresAt: string;
  lastUsedAt: string | null;
  replacedBy: string | null;
};

/** A member of this test's own, with one key. */
export async function hire(
  role: "owner" | "operator" | "support" | "auditor",
  scopes: readonly string[],
): Promise<{ memberId: string; key: Key }> {
  const body = { name: "Ada", email: `${crypto.randomUUID()}@shop.test`, role };
  const member = await call<{ id: string }>("POST", "/ops/v1/staff", { body });
  const asked = { member: member.body.id, name: "tests", scopes };
  const key = await call<Key>("POST", "/ops/v1/staff-keys", { body: asked });
  if (key.status !== 201) throw new Error(JSON.stringify(key.body));
  return { memberId: member.body.id, key: key.body };
}

/** A call under another key than the shop's first one. */
export const callAs = <T>(
  key: string,
  method: string,
  path: string,
  { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
) =>
  call<T>(method, path, {
    ...(body === undefined ? {} : { body }),
    headers: { ...headers, Authorization: `Bearer ${key}` },
  });
