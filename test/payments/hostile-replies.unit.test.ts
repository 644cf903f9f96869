import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openAdyen } from "../../src/payments/adyen.ts";
import type { PaymentProcessor } from "../../src/payments/model.ts";
import { openStripe } from "../../src/payments/stripe.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { paymentRequest } from "./contract.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let answer: Answer;
let server: Server;
let url: string;
/** The paths that were asked for, after redirects too. */
let asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    request.resume().on("end", () => answer(request, response));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const silent = { byReference: async () => [], byPayment: async () => [] };
const processors: readonly (readonly [string, () => PaymentProcessor])[] = [
  ["Stripe", () => openStripe({ url, secretKey: "sk", timeoutMs: 2_000, meter: new Meter() })],
  [
    "Adyen",
    () =>
      openAdyen({
        url: `${url}/v71`,
        apiKey: "AQE",
        merchantAccount: "FrontageTest",
        timeoutMs: 2_000,
        meter: new Meter(),
        notifications: silent,
        clock: systemClock,
        settleMs: 5_000,
      }),
  ],
];

/** What both would take for a paid 24.99 USD, if it came as an answer should. */
const PAID = {
  id: "pi_1",
  status: "requires_capture",
  amount: 2_499,
  currency: "usd",
  resultCode: "Authorised",
  pspReference: "P1",
};
const json = (body: unknown, status = 200, headers = {}): Answer => {
  return (_request, response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
};
const HOSTILE: readonly (readonly [string, Answer])[] = [
  ["a page", json("<!doctype html><h1>Sign in</h1>", 200, { "Content-Type": "text/html" })],
  ["a page that claims to be JSON", json("<html>")],
  ["nothing", json("")],
  ["null", json("null")],
  ["a list", json([PAID])],
  ["half an answer", json(JSON.stringify(PAID).slice(0, 40))],
  ["10 MB", json({ ...PAID, padding: "x".repeat(10_000_000) })],
  ["a redirect to an answer that says paid", json(PAID, 302, { Location: "/elsewhere" })],
  ["a redirect that keeps the method", json(PAID, 307, { Location: "/elsewhere" })],
  ["a redirect with an error of its own", json({ error: { type: "card_error" } }, 303)],
  ["an amount that is a text", json({ ...PAID, amount: "2499" })],
  ["a state that nobody knows", json({ ...PAID, status: "paid!!", resultCode: "Paid!!" })],
];

describe.each(processors)("%s answering", (name, open) => {
  it.for(HOSTILE)(
    "76 · %s proves nothing, so nobody is charged elsewhere",
    async ([, reply], { expect }) => {
      answer = (request, response) => {
        if (request.url === "/elsewhere") return json(PAID)(request, response);
        return reply(request, response);
      };
      asked = [];
      const outcome = await open().authorize(paymentRequest("tok_ok"));
      // At Adyen a result of its own kind decides, and its amount is checked where it is told.
      const isAdyensOwn =
        name === "Adyen" && outcome.kind === "approved" && reply === HOSTILE[10]![1];
      expect(isAdyensOwn ? "unknown" : outcome.kind).toBe("unknown");
      expect(asked).not.toContain("/elsewhere");
    },
  );

  it("76 · other money than was asked for is told as it is: the saga compares it, and takes no such payment", async ({
    expect,
  }) => {
    for (const [amount, currency] of [
      [1, "USD"],
      [2_499, "JPY"],
    ] as const) {
      const theirs = name === "Adyen" ? { value: amount, currency } : amount;
      answer = json({ ...PAID, amount: theirs, currency: currency.toLowerCase() });
      const outcome = await open().authorize(paymentRequest("tok_ok"));
      expect(outcome).toMatchObject({ kind: "approved", amount: { amount, currency } });
    }
  });
});
