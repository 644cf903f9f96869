import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { sweepMails } from "../../src/identity/index.ts";
import { accountMails, users } from "../../src/identity/schema.ts";
import { ioAt, recordingQueues } from "../orders/world.ts";
import { bearer, logIn, newAccount, PASSWORD, signedIn } from "../support/account.ts";
import { linkToken, ownEmail, receiveMails } from "../support/mailbox.ts";
import { call } from "../support/worker-shop.ts";

const post = <T = unknown>(path: string, body: object, headers: Record<string, string> = {}) =>
  call<T>("POST", `/api/v2/auth/${path}`, { body, headers });

const register = (email: string, password = PASSWORD) => post("register", { email, password });

async function verificationOf(email: string): Promise<string> {
  const mails = await receiveMails(email);
  return linkToken(mails.at(-1) ?? {});
}

describe("registering", () => {
  it("makes an account once its mail's link was followed, and not before", async ({ expect }) => {
    const email = ownEmail();
    expect(await register(email)).toMatchObject({ status: 202, body: { next: "check-mail" } });
    expect((await logIn({ email })).status).toBe(401);

    const [mail] = await receiveMails(email);
    expect(mail?.subject).toBe("Confirm your e-mail address");
    const token = linkToken(mail ?? {});
    expect(await post("verify-email", { token })).toMatchObject({ status: 200 });
    expect(await logIn({ email })).toMatchObject({
      status: 200,
      body: { accessToken: expect.any(String), expiresIn: 900, refreshToken: expect.any(String) },
    });
    expect(await post("verify-email", { token })).toMatchObject({ status: 422 });
  });

  it("tells the owner of an address, and only them, when it has an account", async ({ expect }) => {
    const { email } = await newAccount();
    expect(await register(email, "another good password")).toMatchObject({ status: 202 });
    const mails = await receiveMails(email);
    expect(mails.map(({ subject }) => subject)).toEqual(["You already have an account"]);
    // The page behind the link does what the link says.
    expect(mails[0]?.text).toMatch(/Set a new password[^\n]*\n\S+\/account\/forgot\n/);
    expect((await logIn({ email })).status).toBe(200);
  });

  it("of two for one address lets the first that is proven win", async ({ expect }) => {
    const email = ownEmail();
    await register(email, "the password of the first");
    const first = await verificationOf(email);
    await register(email, "the password of the other");
    const second = await verificationOf(email);
    expect(second).not.toBe(first);
    expect((await post("verify-email", { token: second })).status).toBe(200);
    expect((await post("verify-email", { token: first })).status).toBe(422);
    expect((await logIn({ email }, "the password of the other")).status).toBe(200);
    expect((await logIn({ email }, "the password of the first")).status).toBe(401);
  });

  it("sends the same link again when asked, and nothing where nobody registered", async ({
    expect,
  }) => {
    const email = ownEmail();
    await register(email);
    const token = await verificationOf(email);
    await post("verify-email/resend", { email });
    const mails = await receiveMails(email);
    expect(mails.map((mail) => linkToken(mail))).toEqual([token, token]);
    const nobody = ownEmail();
    expect((await post("verify-email/resend", { email: nobody })).status).toBe(202);
    expect(await receiveMails(nobody)).toEqual([]);
  });

  it("refuses passwords that everybody tries first, and addresses that are none", async ({
    expect,
  }) => {
    const refused = async (email: string, password: string) => {
      const { status, body } = await register(email, password);
      const { errors = [] } = body as { errors?: { pointer: string }[] };
      return [status, ...errors.map(({ pointer }) => pointer)];
    };
    expect(await refused(ownEmail(), "Password123")).toEqual([422, "/password"]);
    expect(await refused(ownEmail(), "Sh0rt!!")).toEqual([422, "/password"]);
    expect(await refused("nobody", PASSWORD)).toEqual([422, "/email"]);
    expect(await refused("nobody@localhost", PASSWORD)).toEqual([422, "/email"]);
  });

  it("sends a mail that its queue has lost", async ({ expect }) => {
    const email = ownEmail();
    await register(email);
    const { sql } = ioAt();
    const isMine = eq(accountMails.emailKey, email);
    await sql.update(accountMails).set({ sendDueMs: 1 }).where(isMine);
    const { queues, sent } = recordingQueues();
    const queue = queues.COMMS_QUEUE as Queue;
    expect((await sweepMails(ioAt(), { COMMS_QUEUE: queue })).swept).toBeGreaterThanOrEqual(1);
    const [row] = await sql.select().from(accountMails).where(isMine);
    expect(JSON.stringify(sent)).toContain(row?.id);
    expect(row?.sendDueMs).toBeGreaterThan(Date.now());
  });
});

describe("a password", () => {
  it("that was forgotten is set anew by a link, once, and ends every session", async ({
    expect,
  }) => {
    const { email, refreshToken } = await signedIn();
    expect((await post("password/forgot", { email })).status).toBe(202);
    expect((await post("password/forgot", { email })).status).toBe(202);
    const mails = await receiveMails(email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      "Set a new password",
      "Set a new password",
    ]);
    const [older, token] = mails.map(linkToken);

    const password = "a quite different password";
    expect(await post("password/reset", { token, password })).toMatchObject({
      status: 200,
      body: { next: "log-in" },
    });
    expect((await post("password/reset", { token, password })).status).toBe(422);
    // One that was asked for and not needed opens nothing later.
    expect((await post("password/reset", { token: older, password })).status).toBe(422);
    expect((await post("refresh", { refreshToken })).status).toBe(401);
    expect((await logIn({ email })).status).toBe(401);
    expect((await logIn({ email }, password)).status).toBe(200);
    expect((await receiveMails(email)).at(-1)?.subject).toBe("Your password was changed");
  });

  it("is changed by who knows it; this device goes on, the others do not", async ({ expect }) => {
    const device = await signedIn();
    const other = await logIn(device);
    const change = (currentPassword: string) =>
      post<{ accessToken: string; refreshToken: string }>(
        "password/change",
        { currentPassword, newPassword: "a quite different password" },
        bearer(device),
      );
    expect((await change("not the password")).status).toBe(401);
    const changed = await change(PASSWORD);
    expect(changed.status).toBe(200);
    expect((await post("refresh", { refreshToken: changed.body.refreshToken })).status).toBe(200);
    for (const { refreshToken } of [device, other.body]) {
      expect((await post("refresh", { refreshToken })).status).toBe(401);
    }
    expect((await logIn(device, "a quite different password")).status).toBe(200);
    expect((await receiveMails(device.email)).map(({ subject }) => subject)).toEqual([
      "Your password was changed",
    ]);
  });

  it("opens nothing of an account that was disabled", async ({ expect }) => {
    const { email, id, refreshToken } = await signedIn();
    await ioAt().sql.update(users).set({ status: "disabled" }).where(eq(users.id, id));
    expect((await logIn({ email })).status).toBe(401);
    expect((await post("refresh", { refreshToken })).status).toBe(401);
    await post("password/forgot", { email });
    expect(await receiveMails(email)).toEqual([]);
  });
});

describe("queues and the database", () => {
  it("hold no link and no password", async ({ expect }) => {
    const email = ownEmail();
    await register(email);
    const token = await verificationOf(email);
    const rows = await ioAt()
      .sql.select()
      .from(accountMails)
      .where(eq(accountMails.emailKey, email));
    const kept = JSON.stringify(rows);
    expect(kept).toContain("$scrypt$");
    expect(kept).not.toContain(PASSWORD);
    expect(kept).not.toContain(token.split("~").at(-1));
  });
});
