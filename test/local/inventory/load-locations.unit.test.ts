import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { loadLocations } from "../../../local/inventory/load-locations.ts";

let close = () => {};
afterEach(() => close());

describe("loadLocations", () => {
  it("describes the places first, then moves each SKU under a key of its own", async ({
    expect,
  }) => {
    const seen: (string | undefined)[][] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += String(part);
      const { "idempotency-key": key } = request.headers;
      seen.push([`${request.method} ${request.url}`, String(key ?? ""), body]);
      response.end("{}");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    close = () => server.close();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = { locations: { east: { name: "East" } }, stock: { east: { "A 1": 3 } } };
    await loadLocations({ url, key: "stk" }, file);
    expect(seen).toEqual([
      ["PUT /ops/v1/locations/east", "", '{"name":"East"}'],
      [
        "POST /ops/v1/inventory/A%201/movements",
        "sample-stock:east:A 1",
        '{"delta":3,"reason":"sample stock","location":"east"}',
      ],
    ]);
  });
});
