import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { loadCatalog } from "../../../local/catalog/load-catalog.ts";
import { readCsv } from "../../../src/catalog/import/csv.ts";

let close = () => {};
afterEach(() => close());

describe("loadCatalog", () => {
  it("adds up the parts' reports and names rejected rows as the file does", async () => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        const rejected = [{ row: 3, code: "price_invalid", message: "no" }];
        response.end(JSON.stringify({ created: 5, updated: 2, skipped: 1, rejected }));
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    close = () => server.close();
    const rows = Array.from({ length: 300 }, (_, at) => `p${at},P,1`);
    rows[9] = 'broken,"P"x,1';
    const file = readCsv(["Handle,Title,Variant Price", ...rows].join("\n"));
    if (!file.ok) throw new Error(file.error.code);

    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const report = await loadCatalog({ url, key: "stk" }, file.value);
    expect(report).toMatchObject({ created: 10, updated: 4, skipped: 2 });
    // Parts of 250 products: the second begins at row 253, because row 11 never became a product.
    expect(report.rejected.map(({ row, code }) => [row, code])).toEqual([
      [3, "price_invalid"],
      [11, "quotes_broken"],
      [254, "price_invalid"],
    ]);
  });
});
