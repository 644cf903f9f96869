import type { Shop } from "../stack.ts";

/** The one table that a start ends with. */
export function summary(shop: Shop, took: string): string {
  const { apiUrl, ports, staffKey, mysql, dir, overridden, runtime } = shop;
  const at = (port: number, path = "") => `http://127.0.0.1:${port}${path}`;
  const rows = [
    ["API", `${apiUrl}/api/v2/products`],
    ["Documentation", `${apiUrl}/docs`],
    ["Sign in (OpenID)", `${apiUrl}/sign-in/local`],
    ["Mail, SMS and push", `${at(ports.messages)}  (JSON: /messages)`],
    ["Webhook deliveries", at(ports.deliveries, "/deliveries")],
    ["Processor (Stripe)", `${at(ports.stripe, "/ledger")}  (dial: PUT /weather)`],
    ["Processor (Adyen)", `${at(ports.adyen, "/ledger")}  (dial: PUT /weather)`],
    ["Issuer (OpenID)", `${at(ports.issuer, "/people")}  (dials: PUT /weather, PUT /fault)`],
    ["Database", `mysql on port ${ports.mysql}, process ${mysql.pid}`],
    ["Workers", `process ${runtime.pid}`],
    ["Staff key", staffKey],
    ["Data, logs, ports", `${dir}  (logs/, ports.json)`],
    ...(overridden.length > 0 ? [["From your environment", overridden.join(", ")]] : []),
  ] as const;
  const width = Math.max(...rows.map(([label]) => label.length));
  const table = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`).join("\n");
  return `
The shop is open (${took}).

${table}

Look around:

  curl '${apiUrl}/api/v2/products?limit=3'

Ctrl-C stops everything.
`;
}
