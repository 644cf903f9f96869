import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { handOver } from "../../src/comms/deliver-webhook.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { captured } from "../orders/placed-order.ts";
import { deliveriesAt, deliverySink, ioAt, placed } from "../orders/world.ts";
import { newAccount } from "../support/account.ts";
import { OIDC, redirectUris } from "../support/issuer.ts";
import { receiveMails } from "../support/mailbox.ts";
import { call } from "../support/worker-shop.ts";

type Refusal = { errors?: { pointer: string }[] };
const pointersOf = ({ errors = [] }: Refusal) => errors.map(({ pointer }) => pointer);

const HEADER = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src";

/** A catalogue of one product whose image is at that address. */
async function importImage(address: string) {
  const handle = `image-${crypto.randomUUID().slice(0, 8)}`;
  const body = `${HEADER}\n${handle},Mug,Title,Default Title,${handle},5.00,"${address}"\n`;
  type Imported = { created: number; rejected: { code: string }[] };
  const { body: imported } = await call<Imported>("POST", "/ops/v1/catalog/import", { body });
  return { handle, ...imported };
}

describe("an address that somebody else has named", () => {
  it.for([
    "https://evil.example/",
    "//evil.example/sign-in/local",
    "javascript:alert(1)",
    "data:text/html,x",
    "/sign-in/local",
    `${redirectUris[0]}/`,
    `${redirectUris[0]}#`,
    `${redirectUris[0]}?next=https://evil.example`,
    `${redirectUris[0]} `,
    `${redirectUris[0]}`.toUpperCase(),
    `${redirectUris[0]}`.replace("://", "://evil.example@"),
    `${redirectUris[0]}`.replace("127.0.0.1", "127.0.0.1.evil.example"),
    "",
  ])("49 · is no page to come back to: %j", async (redirectUri, { expect }) => {
    const { status, body } = await call<Refusal>("POST", `${OIDC}/start`, {
      body: { redirectUri },
    });
    expect([status, pointersOf(body)]).toEqual([422, ["/redirectUri"]]);
  });

  it.for([
    "javascript:alert(1)",
    "data:text/html,x",
    "http://carrier.example/1",
    "//carrier.example",
  ])("49 · is no parcel's page: %s", async (trackingUrl, { expect }) => {
    const parcel = { carrier: "Pigeon Post", tracking: "PP1", trackingUrl };
    const path = "/ops/v1/orders/ord_00000000000000000000000000/shipments";
    const { status, body } = await call<Refusal>("POST", path, { body: parcel });
    expect([status, pointersOf(body)]).toEqual([422, ["/trackingUrl"]]);
  });

  it.for(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example/x.png"])(
    "49 · is no image: %s",
    async (address, { expect }) => {
      const { created, rejected } = await importImage(address);
      expect(created).toBe(0);
      expect(rejected.map(({ code }) => code)).toEqual(["image_invalid"]);
    },
  );

  it("49 · is not asked for an image: browsers load it, the shop never does", async ({
    expect,
  }) => {
    const path = `/image-${crypto.randomUUID()}.png`;
    const { handle, created } = await importImage(`${deliverySink()}${path}`);
    expect(created).toBe(1);
    expect((await call("GET", `/api/v2/products/${handle}`)).status).toBe(200);
    expect(await deliveriesAt(path)).toEqual([]);
  });

  it("49 · stands in no content unless a browser may safely go there", async ({ expect }) => {
    const links = [
      "javascript:x",
      "data:text/html,x",
      "vbscript:x",
      "//evil.example",
      "java\tscript:x",
    ];
    const bodyHtml = links.map((to) => `<a href="${to}">a</a><img src="${to}">`).join("");
    const path = `/ops/v1/content/blocks/links-${crypto.randomUUID().slice(0, 8)}`;
    const saved = await call<{ bodyHtml: string }>("PUT", path, {
      body: { title: "Links", bodyHtml },
    });
    expect(saved.body.bodyHtml).toBe("<a>a</a><img>".repeat(links.length));
  });

  it("49 · is none to hand an order over to, even if it is configured, when it leads inside", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    const io = ioAt();
    await recordFact(io, { orderId, actor: "test", fact: captured(2500) });
    const [warehouse] = io.config.HANDOVER_ENDPOINTS;
    const path = `/inside-${crypto.randomUUID()}`;
    const endpoint = { ...warehouse!, url: `${deliverySink()}${path}` };
    const config = { ...io.config, HANDOVER_ENDPOINTS: [endpoint], WEBHOOK_ALLOWED_ORIGINS: [] };
    await expect(handOver({ ...io, config }, { orderId, sequence: 2 })).rejects.toThrow(
      /not_https/,
    );
    expect(await deliveriesAt(path)).toEqual([]);
  });

  it("49 · is not where a mail's link leads: hosts that a request claims are nobody's", async ({
    expect,
  }) => {
    const { email } = await newAccount();
    const headers = {
      Host: "evil.example",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "host=evil.example",
      Origin: "https://evil.example",
      Referer: "https://evil.example/",
    };
    await call("POST", "/api/v2/auth/password/forgot", { headers, body: { email } });
    const [mail] = await receiveMails(email);
    const links = [...`${mail?.text}`.matchAll(/\w+:\/\/\S+/g)].map(
      ([link]) => new URL(link).origin,
    );
    expect(links).toEqual([new URL(configOf(env).PUBLIC_URL).origin]);
  });
});
