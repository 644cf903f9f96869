import type { SessionTokens } from "../../src/identity/model.ts";
import type { BenchShop } from "./start-bench-shop.ts";

export const PASSWORD = "bench: correct horse battery";
const MAIL_WITHIN_MS = 30_000;
const POLL_MS = 100;

async function post<T>(shop: BenchShop, path: string, body: object): Promise<T> {
  const response = await fetch(new URL(`/api/v2/auth/${path}`, shop.isolates[0]), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Makes accounts as shoppers do: registers, reads the mail, follows its link. Answers the addresses. */
export async function makeAccounts(shop: BenchShop, count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, () => `bench-${crypto.randomUUID()}@example.com`);
  // One by one: an isolate takes few passwords at a time.
  for (const email of emails) await post(shop, "register", { email, password: PASSWORD });
  await Promise.all(
    emails.map(async (email) =>
      post(shop, "verify-email", { token: await mailedToken(shop, email) }),
    ),
  );
  return emails;
}

async function mailedToken({ backends }: BenchShop, email: string): Promise<string> {
  const sink = `${backends.vars.MAIL_URL}/messages?to=${encodeURIComponent(email)}`;
  for (const deadline = Date.now() + MAIL_WITHIN_MS; Date.now() < deadline; ) {
    const { messages } = (await (await fetch(sink)).json()) as { messages: { text: string }[] };
    const token = /#token=(\S+)/.exec(messages[0]?.text ?? "")?.[1];
    if (token !== undefined) return token;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  throw new Error("the mail of a registration did not arrive");
}

export const signIn = (shop: BenchShop, email: string): Promise<SessionTokens> =>
  post<SessionTokens>(shop, "login", { email, password: PASSWORD });

export const refresh = (shop: BenchShop, refreshToken: string): Promise<SessionTokens> =>
  post<SessionTokens>(shop, "refresh", { refreshToken });

/** How long a sign-in that is refused takes, in milliseconds. */
export async function timeRefusal(shop: BenchShop, email: string): Promise<number> {
  const startedAtMs = performance.now();
  const response = await fetch(new URL("/api/v2/auth/login", shop.isolates[0]), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password: "not the password" }),
  });
  const text = await response.text();
  if (response.status !== 401) {
    throw new Error(`a wrong password was answered ${response.status} ${text}`);
  }
  return performance.now() - startedAtMs;
}
