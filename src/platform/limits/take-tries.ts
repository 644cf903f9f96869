import { sha256Hex } from "../../shared/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Config } from "../config/config.ts";
import { DependencyDown, weatherBehind } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";
import type { LimiterObject, Outcome, Taken } from "./object.ts";
import type { Policy } from "./policy.ts";

/** What a Worker needs to share the limits; others than the storefront bind it by `script_name`. */
export type LimiterBinding = { LIMITER: DurableObjectNamespace<LimiterObject> };

/** One try of one subject: an account's e-mail, an address, a code. */
export type Claim = {
  policy: Policy;
  /** Whom or what is counted, in a spelling that has only one form. Only its digest is kept. */
  subject: string;
  /** Where the try comes from, for a `guess` policy: a device's token if it has one, then its address. */
  places?: readonly string[];
  /** For an `attempt` policy: its key. Taken and settled once for it, however often that is asked. */
  attempt?: string;
};

export type RateLimited = {
  code: "rate_limited";
  policy: string;
  /** The policy's budget, and the window in which it comes back. */
  tries: number;
  windowMs: number;
  retryAfterMs: number;
};

/** Tries that were taken. Not calling either leaves them counted, as a wrong secret has to be. */
export type Tries = {
  /** The smallest budget that is left, for `RateLimit`. */
  readonly left: number;
  /** The secret was right: places are known from now on and their wrong tries forgotten. */
  right(): Promise<void>;
  /** It was never evaluated, because something it needs was away. */
  unasked(): Promise<void>;
};

type World = { config: Pick<Config, "LIMITS">; meter: Meter };

/**
 * Takes a try of each claim, side by side: one round trip, before what is expensive or can be guessed.
 * When one refuses, the others get theirs back. Throws `DependencyDown` when a limiter cannot be
 * asked: whoever guards a secret by it stays closed.
 */
export async function takeTries(
  env: LimiterBinding,
  { config, meter }: World,
  claims: readonly Claim[],
): Promise<Result<Tries, RateLimited>> {
  const asked = await meter.step("object", () =>
    Promise.all(claims.map((claim) => ask(env, config, claim))),
  );
  const granted = asked.filter(({ taken }) => taken.ok);
  const settle = (outcome: Outcome) =>
    meter.step("object", async () => {
      await Promise.all(
        granted.map(({ name, policy, taken }) =>
          reach(async () =>
            env.LIMITER.getByName(name).settle(policy, taken.ok ? taken.place : "", outcome),
          ),
        ),
      );
    });
  const refused = asked.filter(({ taken }) => !taken.ok);
  if (refused.length > 0) {
    if (granted.length > 0) await settle("unasked");
    return err(longest(refused));
  }
  const left = Math.min(...granted.map(({ taken }) => (taken.ok ? taken.left : 0)));
  return ok({ left, right: () => settle("right"), unasked: () => settle("unasked") });
}

/**
 * Makes places known by a proof that is better than the secret: the owner is let in there, however many
 * tries others have spent.
 */
export async function vouch(
  env: LimiterBinding,
  { config, meter }: World,
  claim: Claim & { places: readonly string[] },
): Promise<void> {
  const policy = policyIn(config, claim.policy);
  const { name, places } = await namesOf(policy, claim);
  await meter.step("object", async () => {
    const stub = () => env.LIMITER.getByName(name);
    await Promise.all(
      places.map((place) => reach(async () => stub().settle(policy, place, "right"))),
    );
  });
}

/**
 * Says how an attempt went, by the claims that it was taken with; of a wrong one nothing has to be said.
 * May be asked again, and by whoever has not taken it.
 */
export async function settleTries(
  env: LimiterBinding,
  { config, meter }: World,
  claims: readonly Claim[],
  outcome: Outcome,
): Promise<void> {
  await meter.step("object", () =>
    Promise.all(
      claims.map(async (claim) => {
        const policy = policyIn(config, claim.policy);
        const { name, places } = await namesOf(policy, claim);
        await reach(async () => env.LIMITER.getByName(name).settle(policy, places[0]!, outcome));
      }),
    ),
  );
}

type Asked = { name: string; policy: Policy; taken: Taken };

async function ask(env: LimiterBinding, config: World["config"], claim: Claim): Promise<Asked> {
  const policy = policyIn(config, claim.policy);
  const { name, places } = await namesOf(policy, claim);
  const taken = await reach(async () => env.LIMITER.getByName(name).take(policy, places));
  return { name, policy, taken };
}

/** The object of a subject, and its places, by digests alone. Without places all are one. */
async function namesOf(policy: Policy, { subject, attempt, places: claimed = [] }: Claim) {
  const places = attempt === undefined ? claimed : [attempt];
  const digest = await sha256Hex(`${policy.name}\n${subject}`);
  const hidden = await Promise.all(places.map((place) => sha256Hex(`${digest}\n${place}`)));
  return { name: `${policy.name}:${digest}`, places: hidden.length > 0 ? hidden : [digest] };
}

/** A policy as this deployment has set it. */
const policyIn = <P extends Policy>({ LIMITS }: World["config"], policy: P): P => ({
  ...policy,
  ...LIMITS[policy.name],
});

/** Closed, whatever went wrong: an error of a limiter is never a reason to let a guess through. */
async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw weatherBehind(error) ? error : new DependencyDown("object", error);
  }
}

function longest(refused: readonly Asked[]): RateLimited {
  const waits = refused.map(({ taken }) => (taken.ok ? 0 : taken.retryAfterMs));
  const retryAfterMs = Math.max(...waits);
  const { policy, taken } = refused[waits.indexOf(retryAfterMs)]!;
  const { tries, windowMs } = budgetOf(policy, taken);
  return { code: "rate_limited", policy: policy.name, tries, windowMs, retryAfterMs };
}

function budgetOf(policy: Policy, taken: Taken): { tries: number; windowMs: number } {
  if (policy.kind === "guess") return { tries: policy.tries, windowMs: policy.delayMsMax };
  const isAll = policy.kind === "attempt" && !taken.ok && taken.of === "all";
  const { tries, perMs } = isAll ? policy.all : policy;
  return { tries, windowMs: perMs };
}
