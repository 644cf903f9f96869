import { describe, it } from "vitest";
import { targetFault } from "../../../src/platform/webhooks/target.ts";

const REFUSED: [string, string][] = [
  ["https://127.0.0.1/", "private_host"],
  ["https://127.1/", "private_host"],
  ["https://2130706433/", "private_host"],
  ["https://0x7f000001/", "private_host"],
  ["https://0177.0.0.1/", "private_host"],
  ["https://0/", "private_host"],
  ["https://10.1.2.3/", "private_host"],
  ["https://100.64.0.1/", "private_host"],
  ["https://169.254.169.254/latest/meta-data", "private_host"],
  ["https://172.16.0.1/", "private_host"],
  ["https://172.31.255.255/", "private_host"],
  ["https://192.168.1.1/", "private_host"],
  ["https://198.18.0.1/", "private_host"],
  ["https://224.0.0.1/", "private_host"],
  ["https://255.255.255.255/", "private_host"],
  ["https://[::1]/", "private_host"],
  ["https://[::]/", "private_host"],
  ["https://[::ffff:127.0.0.1]/", "private_host"],
  ["https://[::ffff:a9fe:a9fe]/", "private_host"],
  ["https://[64:ff9b::7f00:1]/", "private_host"],
  ["https://[2002:7f00:1::]/", "private_host"],
  ["https://[2001:0:1::1]/", "private_host"],
  ["https://[2001:db8::1]/", "private_host"],
  ["https://[fe80::1]/", "private_host"],
  ["https://[fd00::1]/", "private_host"],
  ["https://[ff02::1]/", "private_host"],
  ["https://localhost/", "private_host"],
  ["https://LOCALHOST./", "private_host"],
  ["https://shop.localhost/", "private_host"],
  ["https://metadata.google.internal/", "private_host"],
  ["https://intranet/", "private_host"],
  ["https://printer.local/", "private_host"],
  ["https://１２７.0.0.1/", "private_host"],
  ["http://example.com/", "not_https"],
  ["file:///etc/passwd", "not_https"],
  ["gopher://example.com/", "not_https"],
  ["https://user:pass@example.com/", "credentials_in_url"],
  ["https://example.com@127.0.0.1/", "credentials_in_url"],
  ["https://example.com:22/", "port_not_allowed"],
  ["http://127.0.0.1:8791/", "not_https"],
  ["nonsense", "not_a_url"],
  ["", "not_a_url"],
];

describe("targetFault", () => {
  it.for(REFUSED)("49 · refuses %s", ([address, fault], { expect }) => {
    expect(targetFault(address, [])).toBe(fault);
    // What is allowed elsewhere opens nothing here.
    expect(targetFault(address, ["http://127.0.0.1:8790", "null"])).toBe(fault);
  });

  it.for([
    "https://example.com/hooks?a=1",
    "https://hooks.shop.example.com:8443/x",
    "https://93.184.216.34/",
    "https://172.32.0.1/",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    "https://local.example.com/",
  ])("lets %s be", (address, { expect }) => {
    expect(targetFault(address, [])).toBeUndefined();
  });

  it("takes an origin that the configuration names, and that one alone", ({ expect }) => {
    const allowed = ["http://127.0.0.1:8790"];
    expect(targetFault("http://127.0.0.1:8790/deep/path", allowed)).toBeUndefined();
    expect(targetFault("http://127.0.0.1:8791/", allowed)).toBe("not_https");
    expect(targetFault("http://127.0.0.1:8790@evil.example/", allowed)).toBe("credentials_in_url");
    expect(targetFault("http://u@127.0.0.1:8790/", allowed)).toBe("credentials_in_url");
  });
});
