import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { storefront } from "../../../src/api.ts";
import { appendFacts, type NewFact } from "../../../src/platform/edge/index.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";

type Sent = { headers?: Record<string, string>; method?: string; body?: BodyInit };

/** A storefront over a feed of its own, in as many isolates as a test wants: each with its own view. */
export function openGate(vars: Readonly<Record<string, unknown>> = {}) {
  const name = `test_${crypto.randomUUID()}`;
  const feed = () => ({ getByName: () => env.EDGE_FEED.getByName(name) });
  const isolate = () => {
    const bindings = {
      ...env,
      VERSION: name,
      ...vars,
      EDGE_FEED: feed(),
      ...vars,
    } as unknown as Env;
    return async (path: string, { headers = {}, ...init }: Sent = {}) => {
      const json = init.body === undefined ? {} : { "Content-Type": "application/json" };
      const request = new Request(`https://shop.test${path}`, {
        ...init,
        headers: { ...json, ...headers },
      });
      const context = createExecutionContext();
      const response = await storefront(request, bindings, context);
      const text = await response.clone().text();
      await waitOnExecutionContext(context);
      return { response, status: response.status, headers: response.headers, text };
    };
  };
  const tell = async (...facts: NewFact[]) => {
    const told = await appendFacts(
      { EDGE_FEED: feed() as unknown as Env["EDGE_FEED"] },
      new Meter(),
      facts,
    );
    if (!told.ok) throw new Error(told.error.code);
  };
  return { isolate, tell };
}

/** A body that says whether anybody began to read it. */
export function watchedBody() {
  const watched = { reads: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        watched.reads += 1;
        controller.enqueue(new TextEncoder().encode('{"sku":"A","quantity":1}'));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, watched };
}
