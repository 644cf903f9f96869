import { createHash, randomBytes } from "node:crypto";
import type { TestPerson } from "./people.ts";

export type Grant = {
  redirectUri: string;
  codeChallenge: string;
  nonce: string | undefined;
  person: TestPerson;
};

const CODE_MS = 60_000;

/** Authorization codes: each good once, for a minute, for who knows the verifier (RFC 7636). */
export class Grants {
  readonly #byCode = new Map<string, Grant & { expiresAtMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(grant: Grant): string {
    for (const [code, { expiresAtMs }] of this.#byCode) {
      if (expiresAtMs <= this.#nowMs()) this.#byCode.delete(code);
    }
    const code = randomBytes(24).toString("base64url");
    this.#byCode.set(code, { ...grant, expiresAtMs: this.#nowMs() + CODE_MS });
    return code;
  }

  redeem(asked: { code: string; redirectUri: string; codeVerifier: string }): Grant | undefined {
    const grant = this.#byCode.get(asked.code);
    // Tried once, whatever comes of it.
    this.#byCode.delete(asked.code);
    const challenge = createHash("sha256").update(asked.codeVerifier).digest("base64url");
    const isGood =
      grant !== undefined &&
      grant.expiresAtMs > this.#nowMs() &&
      grant.redirectUri === asked.redirectUri &&
      grant.codeChallenge === challenge;
    return isGood ? grant : undefined;
  }
}
