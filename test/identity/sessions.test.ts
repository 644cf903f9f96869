import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { hashPassword } from "../../src/identity/passwords/check-password.ts";
import { passwords, users } from "../../src/identity/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import { call } from "../support/worker-shop.ts";

const PASSWORD = "correct horse battery";
type Tokens = { accessToken: string; expiresIn: number; refreshToken: string };

async function account() {
  const io = openIo(env, "test");
  const id = newId(UserId, "usr");
  const email = `${id}@example.com`;
  const hash = await hashPassword(io.config, PASSWORD);
  const atMs = Date.now();
  await io.sql.insert(users).values({
    id,
    email,
    emailKey: email,
    status: "active",
    sessionEpoch: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
  await io.sql.insert(passwords).values({ userId: id, hash, changedAtMs: atMs });
  return { id, email };
}

describe("a session", () => {
  it("opens, rotates and ends", async ({ expect }) => {
    const { email } = await account();
    const wrong = await call("POST", "/api/v2/auth/login", { body: { email, password: "nope" } });
    expect(wrong.status).toBe(401);
    const signedIn = await call<Tokens>("POST", "/api/v2/auth/login", {
      body: { email: email.toUpperCase(), password: PASSWORD },
    });
    expect(signedIn.status).toBe(200);
    const refreshed = await call<Tokens>("POST", "/api/v2/auth/refresh", {
      body: { refreshToken: signedIn.body.refreshToken },
    });
    expect(refreshed.status).toBe(200);
    const headers = { Authorization: `Bearer ${refreshed.body.accessToken}` };
    expect((await call("GET", "/api/v2/cart", { headers })).status).toBe(200);
    expect((await call("POST", "/api/v2/auth/logout", { headers, body: {} })).status).toBe(200);
    const again = await call("POST", "/api/v2/auth/refresh", {
      body: { refreshToken: refreshed.body.refreshToken },
    });
    expect(again.status).toBe(401);
  });
});
