import { AsyncLocalStorage } from "node:async_hooks";
import type { Plan } from "../plan.ts";

/** What runs now: one method of one object, or one message of a consumer. */
type Scope = {
  subject: string;
  plan: Plan | undefined;
  seen: Map<string, number>;
  host: Host;
  /** A write of the journal was met after which this run shall end, as soon as it is durable. */
  isDoomed: boolean;
};

/** How a run can be made to end, and what may outlive it. */
export type Host = {
  /** Ends the run as a crash does. */
  die(): never;
  /** Resolves once everything written is durable. */
  settle(): Promise<void>;
  waitUntil(work: Promise<unknown>): void;
};

/** An effect that can be asked for in ways that a crash of the other side produces. */
export type Effect<T> = {
  call: () => Promise<T>;
  /** Only where the other side is an object: aborts it before or after the effect. */
  reset?: (when: "before" | "after") => Promise<T>;
};

/** Of a Worker's own request or message: it ends by an error that nobody can mistake for weather. */
export const crashing = (ctx: ExecutionContext): Host => ({
  die: () => {
    throw new Error("proof: crash");
  },
  settle: async () => {},
  waitUntil: (work) => ctx.waitUntil(work),
});

const LATE_MS = 1_200;
/** The moments before a run and before its answer, which a crash can choose too. */
const nothing = { call: () => Promise.resolve() };
const scopes = new AsyncLocalStorage<Scope>();
// Before anything replaces it: the proof's own questions meet no fault.
const send = globalThis.fetch;
let control = "";

export const setControl = (url: string): void => {
  control = url;
};

/** Asks the proof what shall happen to this subject, and runs with that. */
export async function enter<T>(subject: string, host: Host, run: () => Promise<T> | T): Promise<T> {
  const plan = (await ask("plan", { subject })) as Plan | null;
  const scope: Scope = {
    subject,
    plan: plan ?? undefined,
    seen: new Map(),
    host,
    isDoomed: false,
  };
  return scopes.run(scope, async () => {
    try {
      await effect("begin", nothing);
      const result = await run();
      await effect("reply", nothing);
      return result;
    } finally {
      if (plan?.isTracing) await ask("seen", { subject, points: [...scope.seen.keys()] });
    }
  });
}

/** Lets an effect happen, or the fault that is planned for it. */
export async function effect<T>(name: string, { call, reset }: Effect<T>): Promise<T> {
  const scope = scopes.getStore();
  if (!scope) return call();
  await meetDoom(scope);
  const { plan, host } = scope;
  if (nameOf(scope, name) !== plan?.point || plan.fault === "F3") return call();
  switch (plan.fault) {
    case "F1":
      return (await fires(scope)) ? end(scope) : call();
    case "F2": {
      const result = await call();
      return (await fires(scope)) ? end(scope) : result;
    }
    case "F4":
      if (!(await fires(scope))) return call();
      throw lost();
    case "F5": {
      const result = await call();
      if (await fires(scope)) throw lost();
      return result;
    }
    case "F6": {
      const result = await call();
      if (await fires(scope)) await call().catch(() => {});
      return result;
    }
    case "F7":
      if (!(await fires(scope))) return call();
      host.waitUntil(later(call));
      throw lost();
    case "F19-before":
    case "F19-after":
      if (!reset || !(await fires(scope))) return call();
      return reset(plan.fault === "F19-before" ? "before" : "after");
  }
}

/** Told of each write of the journal, in the same turn: the crash comes once it is durable. */
export function recorded(name: string): void {
  const scope = scopes.getStore();
  if (!scope) return;
  const isIt = nameOf(scope, name) === scope.plan?.point;
  if (isIt && scope.plan?.fault === "F3") scope.isDoomed = true;
}

async function meetDoom(scope: Scope): Promise<void> {
  if (!scope.isDoomed) return;
  scope.isDoomed = false;
  await scope.host.settle();
  if (await fires(scope)) await end(scope);
}

/** The end of a run: its object aborted, or the whole runtime killed while it waits here. */
async function end(scope: Scope): Promise<never> {
  if (scope.plan?.isKill) await new Promise(() => {});
  return scope.host.die();
}

/** The second and later ones of a run are named `hold#2` and so on. */
function nameOf({ seen }: Scope, name: string): string {
  const times = (seen.get(name) ?? 0) + 1;
  seen.set(name, times);
  const numbered = times === 1 ? name : `${name}#${times}`;
  if (times > 1) seen.set(numbered, 0);
  return numbered;
}

/** Once in the whole proof, whoever asks. */
const fires = async ({ subject }: Scope): Promise<boolean> =>
  (await ask("fire", { subject })) === true;

async function ask(what: string, body: object): Promise<unknown> {
  const answer = await send(`${control}/${what}`, { method: "POST", body: JSON.stringify(body) });
  return answer.json();
}

async function later(call: () => Promise<unknown>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LATE_MS));
  await call().catch(() => {});
}

/** As the runtime says it of a connection that broke, for an object and for a fetch. */
const lost = () => Object.assign(new TypeError("Network connection lost."), { retryable: true });
