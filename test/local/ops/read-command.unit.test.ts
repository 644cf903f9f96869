import { describe, it } from "vitest";
import { BadUsage, HelpWanted, readCommand } from "../../../local/ops/read-command.ts";

const read = (line: string, environment = {}) =>
  readCommand(line.split(" ").filter(Boolean), environment);

describe("readCommand", () => {
  it("reads a purge with everything it may name", ({ expect }) => {
    const line = "purge --tag product:prd_1 --tag block:blk_1 --path /api/v2/products?limit=5";
    expect(read(`${line} --dry-run --json`)).toEqual({
      command: {
        name: "purge",
        tags: ["product:prd_1", "block:blk_1"],
        paths: ["/api/v2/products?limit=5"],
        all: false,
        dryRun: true,
      },
      json: true,
      url: undefined,
      key: undefined,
    });
    expect(read("purge --all").command).toMatchObject({ all: true, dryRun: false, tags: [] });
  });

  it("shares no list between two readings", ({ expect }) => {
    read("purge --tag a:b");
    expect(read("purge --path /x").command).toMatchObject({ tags: [], paths: ["/x"] });
  });

  it.for(["pages", "health"] as const)("reads %s", (name, { expect }) => {
    expect(read(name).command).toEqual({ name });
  });

  it("reads what an order and a stock are about", ({ expect }) => {
    expect(read("confirm-capture ord_1 --reference PSP1 --note settled").command).toEqual({
      name: "confirm-capture",
      orderId: "ord_1",
      reference: "PSP1",
      note: "settled",
    });
    expect(read("order ord_1").command).toEqual({ name: "order", orderId: "ord_1" });
    const sku = readCommand(["stock", "MUG 1/BLUE"], {}).command;
    expect(sku).toEqual({ name: "stock", sku: "MUG 1/BLUE" });
  });

  it("takes the key from the environment, where no list of processes shows it", ({ expect }) => {
    const environment = { FRONTAGE_STAFF_KEY: "secret" };
    expect(read("pages --url http://shop.test", environment).key).toBe("secret");
    expect(read("pages --key other", environment).key).toBe("other");
  });

  it("sends no key of the shop here to another shop", ({ expect }) => {
    expect(() => read("pages --url http://shop.test")).toThrow(/--url needs --key/);
    expect(read("health --url http://shop.test")).toMatchObject({ key: undefined });
  });

  it.for([
    "",
    "purgee",
    "constructor",
    "purge",
    "purge --all --tag a:b",
    "purge --tag",
    "purge --tags a:b",
    "purge product:prd_1 --all",
    "pages extra",
    "health --verbose",
    "order",
    "order ord_1 ord_2",
    "confirm-capture ord_1",
    "confirm-capture ord_1 --reference PSP1",
    "confirm-capture --reference PSP1 --note settled",
    "stock --sku A",
    "pages --tag a:b",
    "pages --url",
  ])("refuses: %s", (line, { expect }) => {
    expect(() => read(line)).toThrow(BadUsage);
    expect(() => read(line)).toThrow(/Usage: npm run ops/);
  });

  it.for(["purge", "pages", "health", "order", "stock"])(
    "explains %s, whatever else is missing",
    (name, { expect }) => {
      expect(() => read(`${name} --help`)).toThrow(HelpWanted);
      expect(() => read(`${name} -h`)).toThrow(new RegExp(`npm run ops -- ${name}`));
    },
  );

  it("explains itself, and names every command", ({ expect }) => {
    for (const line of ["--help", "-h", "help"]) expect(() => read(line)).toThrow(HelpWanted);
    expect(() => read("--help")).toThrow(/purge[\s\S]*pages[\s\S]*health[\s\S]*order[\s\S]*stock/);
  });
});
