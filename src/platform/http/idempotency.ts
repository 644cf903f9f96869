import { DurableObject } from "cloudflare:workers";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { sha256Hex } from "../../shared/digest.ts";
import {
  ANSWER_KEPT_MS,
  ANSWERS_MIGRATION,
  type Answer,
  Answers,
  type Claim,
} from "../objects/answers.ts";
import { hasTables } from "../objects/has-tables.ts";
import { migrate } from "../objects/migrate.ts";
import type { ApiEnv } from "./context.ts";
import { asProblem, invalid, Problem, problemBody, problemStatus } from "./problem.ts";

/** The caller's key, quoted (RFC 8941 string) or bare. `undefined` when none was sent. */
export function idempotencyKeyOf(c: Context): string | undefined {
  const header = c.req.header("Idempotency-Key");
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw invalid({
    pointer: "/header/Idempotency-Key",
    code: "invalid",
    message: "must be 1 to 255 printable characters",
  });
}

export function requireIdempotencyKey(c: Context): string {
  const key = idempotencyKeyOf(c);
  if (key === undefined) throw new Problem("idempotency-key-required");
  return key;
}

export const REPLAYED_HEADER = "Idempotent-Replayed";

/** The problem a claim that did not win stands for; `undefined` for a new one or a replay. */
export function claimProblem(claim: Claim): Problem | undefined {
  if (claim.kind === "conflict") return new Problem("idempotency-key-reused");
  if (claim.kind === "running")
    return new Problem("request-in-progress", {}, { "Retry-After": "1" });
  return undefined;
}

/**
 * Keeps the answers of one caller's key for writes that no single object owns. One object per key:
 * it fails closed, and forgets itself after a day.
 */
export class IdempotencyObject extends DurableObject<Env> {
  readonly #answers = new Answers(this.ctx.storage.sql);

  async claim(key: string, fingerprint: string): Promise<Claim> {
    // Not in the constructor: the same instance may be claimed again after its alarm emptied it.
    if (!hasTables(this.ctx.storage)) migrate(this.ctx.storage, [ANSWERS_MIGRATION]);
    const claim = this.#answers.claim(key, fingerprint, Date.now());
    if (claim.kind === "new") await this.ctx.storage.setAlarm(Date.now() + ANSWER_KEPT_MS);
    return claim;
  }

  settle(key: string, answer: Answer): void {
    this.#answers.settle(key, answer);
  }

  release(key: string): void {
    this.#answers.release(key);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}

/**
 * Honours `Idempotency-Key` on a route. `caller` names whose key it is, so that nobody can read
 * another's answer by guessing a key. Answers below 500 are kept; weather gives the key back.
 */
export const idempotent = (
  caller: (c: Context<ApiEnv>) => string | Promise<string>,
  options = { required: false },
) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const key = options.required ? requireIdempotencyKey(c) : idempotencyKeyOf(c);
    if (key === undefined) return next();

    const { meter } = c.var;
    const name = await sha256Hex(`${await caller(c)}\n${key}`);
    const stub = () => c.env.IDEMPOTENCY.getByName(name);
    const body = await c.req.text();
    // With the query: what a DELETE removes may stand there alone.
    const { search } = new URL(c.req.url);
    const fingerprint = await sha256Hex(`${c.req.method} ${c.req.path}${search}\n${body}`);
    const claim = await meter.step("object", async () => stub().claim(key, fingerprint));
    const refusal = claimProblem(claim);
    if (refusal) throw refusal;
    if (claim.kind === "replay") {
      const { status, body: text, headers } = claim.answer;
      return new Response(text, { status, headers: { ...headers, [REPLAYED_HEADER]: "true" } });
    }

    await next();
    const answer = await answerOf(c);
    // "Not now" is no answer to keep: the same key has to work later.
    const isFinal = answer.status < 500 && answer.status !== 429;
    await meter.step("object", async () =>
      isFinal ? stub().settle(key, answer) : stub().release(key),
    );
  });

async function answerOf(c: Context<ApiEnv>): Promise<Answer> {
  if (c.error) {
    const problem = asProblem(c.error);
    const body = problemBody(problem, c.var.requestId);
    const headers = { "Content-Type": "application/problem+json", ...problem.headers };
    return { status: problemStatus(problem), body, headers };
  }
  const headers: Record<string, string> = { "Cache-Control": "no-store" };
  for (const name of ["Content-Type", "Location"]) {
    const value = c.res.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: c.res.status, body: await c.res.clone().text(), headers };
}
