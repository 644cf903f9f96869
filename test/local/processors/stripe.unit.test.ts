import { describe, test } from "vitest";
import { StripeDriver } from "./stripe-driver.ts";

const kinds = (entries: { kind: string; ok: boolean; amount: number }[]) =>
  entries.map(({ kind, ok, amount }) => `${kind} ${amount}${ok ? "" : " refused"}`);

describe("a payment's life", () => {
  test("is authorized, captured once, and refunded up to what was captured", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const created = await stripe.create({ "metadata[checkout_id]": "chk_1", description: "Order" });
    expect(created.status).toBe(200);
    expect(created.body).toMatchObject({
      object: "payment_intent",
      status: "requires_capture",
      amount: 1999,
      amount_capturable: 1999,
      amount_received: 0,
      metadata: { checkout_id: "chk_1" },
    });
    const path = `/v1/payment_intents/${created.body.id}`;

    const captured = await stripe.call("POST", `${path}/capture`, {
      form: { amount_to_capture: "1500" },
    });
    expect(captured.body).toMatchObject({
      status: "succeeded",
      amount_received: 1500,
      amount_capturable: 0,
    });
    const again = await stripe.call("POST", `${path}/capture`);
    expect(again.status).toBe(400);
    expect(again.body.error).toMatchObject({
      type: "invalid_request_error",
      code: "payment_intent_unexpected_state",
      payment_intent: { id: created.body.id, status: "succeeded" },
    });

    const form = { payment_intent: String(created.body.id) };
    const part = await stripe.call("POST", "/v1/refunds", { form: { ...form, amount: "1000" } });
    expect(part.body).toMatchObject({ object: "refund", amount: 1000, status: "succeeded" });
    const over = await stripe.call("POST", "/v1/refunds", { form: { ...form, amount: "501" } });
    expect(over.status).toBe(400);
    const rest = await stripe.call("POST", "/v1/refunds", { form });
    expect(rest.body).toMatchObject({ amount: 500 });
    const none = await stripe.call("POST", "/v1/refunds", { form });
    expect(none.body.error).toMatchObject({ code: "charge_already_refunded" });

    const view = await stripe.call("GET", `${path}?expand[]=latest_charge`);
    expect(view.body.latest_charge).toMatchObject({ amount_refunded: 1500, refunded: true });
    expect(kinds(await stripe.ledger())).toEqual([
      "authorize 1999",
      "capture 1500",
      "capture 1999 refused",
      "refund 1000",
      "refund 501 refused",
      "refund 500",
      "refund 0 refused",
    ]);
  });

  test("ends when it is canceled, and a captured one cannot be", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const id = await stripe.authorized();
    const canceled = await stripe.call("POST", `/v1/payment_intents/${id}/cancel`, {
      form: { cancellation_reason: "abandoned" },
    });
    expect(canceled.body).toMatchObject({ status: "canceled", cancellation_reason: "abandoned" });
    expect((await stripe.call("POST", `/v1/payment_intents/${id}/cancel`)).status).toBe(400);
    expect((await stripe.call("POST", `/v1/payment_intents/${id}/capture`)).status).toBe(400);

    const paid = await stripe.authorized({ capture_method: "automatic" });
    expect((await stripe.call("POST", `/v1/payment_intents/${paid}/cancel`)).status).toBe(400);
    const refused = kinds(await stripe.ledger()).filter((entry) => entry.endsWith("refused"));
    expect(refused).toEqual(["void 1999 refused", "capture 1999 refused", "void 1999 refused"]);
  });

  test("cannot be captured beyond what was authorized", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const id = await stripe.authorized();
    const over = await stripe.call("POST", `/v1/payment_intents/${id}/capture`, {
      form: { amount_to_capture: "2000" },
    });
    expect(over.body.error).toMatchObject({ code: "amount_too_large" });
    expect((await stripe.call("GET", `/v1/payment_intents/${id}`)).body.status).toBe(
      "requires_capture",
    );
  });

  test.for([
    ["tok_declined", "generic_decline"],
    ["tok_insufficient_funds", "insufficient_funds"],
  ] as const)(
    "%s is declined, and another card may be tried",
    async ([token, code], { expect }) => {
      const stripe = await StripeDriver.start();
      const declined = await stripe.create({ payment_method: token });
      expect(declined.status).toBe(402);
      expect(declined.body.error).toMatchObject({
        type: "card_error",
        code: "card_declined",
        decline_code: code,
        payment_intent: { status: "requires_payment_method" },
      });
      const { payment_intent } = declined.body.error as { payment_intent: { id: string } };
      const confirmed = await stripe.call(
        "POST",
        `/v1/payment_intents/${payment_intent.id}/confirm`,
        {
          form: { payment_method: "tok_ok" },
        },
      );
      expect(confirmed.body.status).toBe("requires_capture");
      expect(kinds(await stripe.ledger())).toEqual(["decline 1999 refused", "authorize 1999"]);
    },
  );
});

describe("requests that are wrong", () => {
  test.for([
    [{ amount: "" }, "parameter_missing", "amount"],
    [{ amount: "19.99" }, "parameter_invalid_integer", "amount"],
    [{ amount: "0" }, "parameter_invalid_integer", "amount"],
    [{ amount: "-5" }, "parameter_invalid_integer", "amount"],
    [{ amount: "100000000" }, "amount_too_large", "amount"],
    [{ currency: "" }, "parameter_missing", "currency"],
    [{ payment_method: "tok_unheard_of" }, "resource_missing", "payment_method"],
    [{ payment_method: "" }, "parameter_missing", "payment_method"],
  ] as const)("%o is refused with %s", async ([form, code, param], { expect }) => {
    const stripe = await StripeDriver.start();
    const { status, body } = await stripe.create(form);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ type: "invalid_request_error", code, param });
    expect(await stripe.ledger()).toEqual([]);
  });

  test("no key, another's key, an unknown payment and an unknown path", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    expect((await stripe.create({}, { bearer: "sk_test_other" })).status).toBe(401);
    expect((await stripe.create({}, { bearer: "" })).status).toBe(401);
    expect((await stripe.call("GET", "/v1/payment_intents/pi_none")).status).toBe(404);
    expect((await stripe.call("POST", "/v1/payment_intents/pi_none/capture")).status).toBe(404);
    expect((await stripe.call("POST", "/v1/nothing")).status).toBe(404);
  });
});

describe("Idempotency-Key", () => {
  test("the same request is answered again, also after a restart", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const first = await stripe.create({}, { key: "k1" });
    const second = await stripe.create({}, { key: "k1" });
    expect(first.headers.get("Idempotent-Replayed")).toBeNull();
    expect(second.headers.get("Idempotent-Replayed")).toBe("true");
    expect(second.body).toEqual(first.body);

    await stripe.reopen();
    expect((await stripe.create({}, { key: "k1" })).body).toEqual(first.body);
    expect(kinds(await stripe.ledger())).toEqual(["authorize 1999"]);
  });

  test("a decline is an answer that is kept too", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const declined = { payment_method: "tok_declined" };
    const first = await stripe.create(declined, { key: "k1" });
    const second = await stripe.create(declined, { key: "k1" });
    expect([second.status, second.body]).toEqual([402, first.body]);
    expect(await stripe.ledger()).toHaveLength(1);
  });

  test("other parameters are refused; a request found wrong does not use the key up", async ({
    expect,
  }) => {
    const stripe = await StripeDriver.start();
    expect((await stripe.create({ amount: "x" }, { key: "k1" })).status).toBe(400);
    expect((await stripe.create({}, { key: "k1" })).status).toBe(200);
    const other = await stripe.create({ amount: "1" }, { key: "k1" });
    expect(other.status).toBe(400);
    expect(other.body.error).toMatchObject({ type: "idempotency_error" });
    expect(kinds(await stripe.ledger())).toEqual(["authorize 1999"]);
  });

  test("of twenty at once one runs, the others are told so or get its answer", async ({
    expect,
  }) => {
    const stripe = await StripeDriver.start();
    await stripe.weather({ latencyMs: 100 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => stripe.create({}, { key: "k1" })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    expect(await stripe.ledger()).toHaveLength(1);
  });
});

describe("faults by token", () => {
  test("tok_error_before: a 500, and nothing happened", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const failed = await stripe.create({ payment_method: "tok_error_before" }, { key: "k1" });
    expect(failed.status).toBe(500);
    expect(failed.body.error).toMatchObject({ type: "api_error" });
    expect(await stripe.ledger()).toEqual([]);
    expect((await stripe.call("GET", "/v1/payment_intents")).body.data).toEqual([]);
  });

  test("tok_refused_connection: the connection breaks, and nothing happened", async ({
    expect,
  }) => {
    const stripe = await StripeDriver.start();
    const refused = { payment_method: "tok_refused_connection" };
    await expect(stripe.create(refused, { key: "k1" })).rejects.toThrow("fetch failed");
    await expect(stripe.create(refused, { key: "k1" })).rejects.toThrow("fetch failed");
    expect(await stripe.ledger()).toEqual([]);
  });

  test("tok_timeout_after: the money moves, no answer comes, a search and the key find it", async ({
    expect,
  }) => {
    const stripe = await StripeDriver.start();
    const silent = { payment_method: "tok_timeout_after", "metadata[checkout_id]": "chk_9" };
    const waiting = stripe.create(silent, { key: "k1", timeoutMs: 300 });
    await expect(waiting).rejects.toThrow(/timeout/i);

    const query = encodeURIComponent("metadata['checkout_id']:'chk_9'");
    const found = await stripe.call("GET", `/v1/payment_intents/search?query=${query}`);
    expect(found.body).toMatchObject({
      object: "search_result",
      data: [{ status: "requires_capture", amount: 1999 }],
    });
    const again = await stripe.create(silent, { key: "k1" });
    expect(again.body.status).toBe("requires_capture");
    expect(kinds(await stripe.ledger())).toEqual(["authorize 1999"]);
  });
});

describe("asking", () => {
  test("lists page from the newest, search knows metadata and status", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const ids: string[] = [];
    for (const checkout of ["chk_a", "chk_b", "chk_a"]) {
      ids.push(await stripe.authorized({ "metadata[checkout_id]": checkout }));
    }
    await stripe.call("POST", `/v1/payment_intents/${ids[0]}/cancel`);
    const dataIds = (body: Record<string, unknown>) =>
      (body.data as { id: string }[]).map(({ id }) => id);

    const page = await stripe.call("GET", "/v1/payment_intents?limit=2");
    expect(dataIds(page.body)).toEqual([ids[2], ids[1]]);
    expect(page.body.has_more).toBe(true);
    const rest = await stripe.call("GET", `/v1/payment_intents?limit=2&starting_after=${ids[1]}`);
    expect([dataIds(rest.body), rest.body.has_more]).toEqual([[ids[0]], false]);

    const search = async (query: string) =>
      stripe.call("GET", `/v1/payment_intents/search?query=${encodeURIComponent(query)}`);
    expect(dataIds((await search("metadata['checkout_id']:'chk_a'")).body)).toEqual([
      ids[2],
      ids[0],
    ]);
    const both = await search("metadata['checkout_id']:'chk_a' AND status:'canceled'");
    expect(dataIds(both.body)).toEqual([ids[0]]);
    expect((await search("amount>5")).status).toBe(400);
    expect((await stripe.call("GET", "/v1/payment_intents?limit=0")).status).toBe(400);
  });

  test("the ledger tells all, by checkout too, and survives a restart", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    const form = { "metadata[checkout_id]": "chk_1" };
    const { body } = await stripe.create(form, { key: "chk_1" });
    await stripe.authorized();
    await stripe.call("POST", `/v1/payment_intents/${body.id}/capture`, { key: "chk_1:capture" });
    const before = await stripe.ledger();
    expect(before).toHaveLength(3);
    expect(before[0]).toEqual({
      sequence: 1,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      kind: "authorize",
      paymentId: body.id,
      ok: true,
      amount: 1999,
      currency: "USD",
      idempotencyKey: "chk_1",
      checkoutId: "chk_1",
      token: "tok_ok",
    });
    expect(before[2]).toMatchObject({ kind: "capture", parent: body.id, sequence: 3 });
    expect(kinds(await stripe.ledger("?checkoutId=chk_1"))).toEqual([
      "authorize 1999",
      "capture 1999",
    ]);

    await stripe.reopen();
    expect(await stripe.ledger()).toEqual(before);
    const view = await stripe.call("GET", `/v1/payment_intents/${body.id}`);
    expect(view.body.status).toBe("succeeded");
  });
});
