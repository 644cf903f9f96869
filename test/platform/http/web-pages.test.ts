import { describe, it } from "vitest";
import { call } from "../../support/worker-shop.ts";

describe("the pages that mails and issuers send people to", () => {
  it.for([
    ["/order/ord_1", "Your order"],
    ["/account/verify", "Confirm your address"],
    ["/account/confirm-email", "Confirm your new address"],
    ["/account/reset", "Set a new password"],
    ["/account/forgot", "Set a new password"],
    ["/account/sign-in", "Set a new password"],
    ["/sign-in/local?code=a&state=b", "Sign in"],
  ] as const)(
    "%s is there, and allows no script but its own",
    async ([path, title], { expect }) => {
      const { status, headers, body } = await call<string>("GET", path);
      expect(status).toBe(200);
      expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      const policy = headers.get("Content-Security-Policy");
      expect(policy).toContain("default-src 'none'; script-src 'self'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("Referrer-Policy")).toBe("no-referrer");
      expect(body).toContain(`<h1>${title}</h1>`);
      expect(body).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style=/);
    },
  );
});
