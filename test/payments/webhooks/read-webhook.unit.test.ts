import { createHmac } from "node:crypto";
import { describe, it } from "vitest";
import { type Item, signItem } from "../../../local/processors/adyen/notices.ts";
import { readWebhook } from "../../../src/payments/webhooks/read-webhook.ts";

const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1000;
const SECRETS = ["whsec_new", "whsec_old"];
const KEYS = ["11".repeat(32), "22".repeat(32)];
const ADYEN = {
  url: "http://x.test",
  apiKey: "k",
  merchantAccount: "FrontageTest",
  hmacKeys: KEYS,
};
const CONFIG = { STRIPE_WEBHOOK_SECRETS: SECRETS, ADYEN };
const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));

const EVENT = JSON.stringify({
  id: "evt_1",
  type: "payment_intent.succeeded",
  data: {
    object: {
      id: "pi_1",
      object: "payment_intent",
      amount: 2_499,
      currency: "usd",
      metadata: { attempt_key: "chk_1:1" },
    },
  },
});
const sign = (body: string, secret = SECRETS[0]!, time: number | string = NOW) =>
  createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
const stripe = (header: string | undefined, body = EVENT) =>
  readWebhook("stripe", { header, body: bytes(body) }, CONFIG, NOW_MS);
const isTaken = async (header: string | undefined, body = EVENT) => (await stripe(header, body)).ok;

describe("a webhook of Stripe", () => {
  it("is read when it is signed", async ({ expect }) => {
    const read = await stripe(`t=${NOW},v1=${sign(EVENT)}`);
    expect(read).toMatchObject({
      ok: true,
      value: [
        {
          body: EVENT,
          news: {
            eventId: "evt_1",
            reference: "chk_1:1",
            paymentId: "pi_1",
            kind: "movement",
            amount: { amount: 2_499, currency: "USD" },
          },
        },
      ],
    });
  });

  it("50 · is refused unsigned, signed badly, or with another secret", async ({ expect }) => {
    const good = sign(EVENT);
    for (const header of [
      undefined,
      "",
      `t=${NOW}`,
      `v1=${good}`,
      `t=${NOW},v0=${good}`,
      `t=${NOW},v1=${good.slice(2)}`,
      `t=${NOW},v1=${good}zz`,
      `t=${NOW},v1=`,
      `t=${NOW},v1=${sign(EVENT, "whsec_wrong")}`,
      `t=x,v1=${sign(EVENT, SECRETS[0], "x")}`,
      `t=${NOW},t=${NOW - 1},v1=${good}`,
    ]) {
      expect(await isTaken(header), String(header)).toBe(false);
    }
  });

  it("50 · is refused when one byte of it, its order or its id was changed", async ({ expect }) => {
    const header = `t=${NOW},v1=${sign(EVENT)}`;
    const rewritten = JSON.stringify(JSON.parse(EVENT), null, 1);
    const swapped = EVENT.replace("evt_1", "evt_2");
    for (const body of [EVENT.replace("2499", "2498"), rewritten, swapped, `${EVENT} `]) {
      expect(await isTaken(header, body)).toBe(false);
    }
  });

  it("50 · is refused when it is old or from the future, and taken at the very edge", async ({
    expect,
  }) => {
    const at = (time: number) => isTaken(`t=${time},v1=${sign(EVENT, SECRETS[0], time)}`);
    expect([await at(NOW - 300), await at(NOW + 300)]).toEqual([true, true]);
    expect([await at(NOW - 301), await at(NOW + 301)]).toEqual([false, false]);
  });

  it("50 · is taken when one of several signatures is good, by the new secret or the old", async ({
    expect,
  }) => {
    const bad = "00".repeat(32);
    expect(await isTaken(`t=${NOW},v1=${bad},v1=${sign(EVENT)}`)).toBe(true);
    expect(await isTaken(`t=${NOW},v1=${bad},v1=${bad}`)).toBe(false);
    expect(await isTaken(`t=${NOW},v1=${sign(EVENT, SECRETS[1])}`)).toBe(true);
  });

  it("is refused while no secret is configured", async ({ expect }) => {
    const header = `t=${NOW},v1=${sign(EVENT, "")}`;
    const config = { STRIPE_WEBHOOK_SECRETS: [], ADYEN };
    const read = await readWebhook("stripe", { header, body: bytes(EVENT) }, config, NOW_MS);
    expect(read).toEqual({ ok: false, error: { code: "unsigned" } });
  });

  it("is unreadable when it is signed and no event", async ({ expect }) => {
    for (const body of ["", "null", "[]", '{"id":1}', "{"]) {
      const read = await stripe(`t=${NOW},v1=${sign(body)}`, body);
      expect(read, body).toEqual({ ok: false, error: { code: "unreadable" } });
    }
  });
});

const ITEM: Item = {
  amount: { currency: "USD", value: 2_499 },
  eventCode: "AUTHORISATION",
  eventDate: "2026-11-20T12:00:00Z",
  merchantAccountCode: "FrontageTest",
  merchantReference: "chk_1:1",
  pspReference: "8816178952380553",
  reason: "",
  success: "true",
};
const envelope = (...items: { item: Item; signature?: string | undefined }[]) =>
  JSON.stringify({
    live: "false",
    notificationItems: items.map(({ item, signature }) => ({
      NotificationRequestItem: {
        ...item,
        ...(signature === undefined ? {} : { additionalData: { hmacSignature: signature } }),
      },
    })),
  });
const adyen = (body: string, config: Parameters<typeof readWebhook>[2] = CONFIG) =>
  readWebhook("adyen", { header: undefined, body: bytes(body) }, config, NOW_MS);

describe("a webhook of Adyen", () => {
  it("signs the eight fields of its scheme: the example of its documentation", ({ expect }) => {
    const item: Item = {
      ...ITEM,
      pspReference: "7914073381342284",
      merchantAccountCode: "TestMerchant",
      merchantReference: "TestPayment-1407325143704",
      amount: { currency: "EUR", value: 1_130 },
    };
    const key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    expect(signItem(key, item)).toBe("coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=");
  });

  it("is read when each item is signed, by the new key or the old", async ({ expect }) => {
    for (const key of KEYS) {
      const read = await adyen(envelope({ item: ITEM, signature: signItem(key, ITEM) }));
      expect(read).toMatchObject({
        ok: true,
        value: [{ news: { kind: "approval", reference: "chk_1:1", isForeign: false } }],
      });
    }
  });

  it("50 · is refused as a whole when one item is not signed", async ({ expect }) => {
    const signature = signItem(KEYS[0]!, ITEM);
    const other = { ...ITEM, pspReference: "2" };
    for (const body of [
      envelope({ item: ITEM }),
      envelope({ item: ITEM, signature: "" }),
      envelope({ item: ITEM, signature: "%%%" }),
      envelope({ item: ITEM, signature: signItem("33".repeat(32), ITEM) }),
      envelope({ item: ITEM, signature }, { item: other }),
      envelope(),
      "",
      "{",
    ]) {
      expect(await adyen(body), body).toEqual({ ok: false, error: { code: "unsigned" } });
    }
  });

  it("is refused when any signed field was changed", async ({ expect }) => {
    const signature = signItem(KEYS[0]!, ITEM);
    const changes: Partial<Item>[] = [
      { pspReference: "9" },
      { originalReference: "9" },
      { merchantAccountCode: "Other" },
      { merchantReference: "chk_2:1" },
      { amount: { currency: "USD", value: 2_498 } },
      { amount: { currency: "EUR", value: 2_499 } },
      { eventCode: "CAPTURE" },
      { success: "false" },
    ];
    for (const change of changes) {
      const read = await adyen(envelope({ item: { ...ITEM, ...change }, signature }));
      expect(read.ok, JSON.stringify(change)).toBe(false);
    }
  });

  it("is marked when it is about another merchant's account", async ({ expect }) => {
    const item = { ...ITEM, merchantAccountCode: "SomebodyElse" };
    const read = await adyen(envelope({ item, signature: signItem(KEYS[0]!, item) }));
    expect(read).toMatchObject({ ok: true, value: [{ news: { isForeign: true } }] });
  });

  it("is refused where there is no Adyen", async ({ expect }) => {
    const body = envelope({ item: ITEM, signature: signItem(KEYS[0]!, ITEM) });
    const read = await adyen(body, { STRIPE_WEBHOOK_SECRETS: [], ADYEN: undefined });
    expect(read.ok).toBe(false);
  });
});
