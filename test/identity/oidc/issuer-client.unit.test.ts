import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, onTestFinished } from "vitest";
import { askIssuer, issuerKeys, issuerMetadata } from "../../../src/identity/oidc/issuer-client.ts";
import type { Config } from "../../../src/platform/config/config.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";

const io = {
  meter: new Meter(),
  clock: { nowMs: Date.now },
  config: { DEPENDENCY_TIMEOUT_MS: 5_000 } as Config,
};
const AWAY = { name: "DependencyDown", dependency: "issuer" };

type Reply = { status?: number; location?: string; body?: object };

/** A machine on loopback that answers each path as told, and remembers who was asked. */
async function machine(replies: (origin: string) => Record<string, Reply>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const { status = 200, location, body = {} } = replies(origin)[path] ?? { status: 404 };
    response.writeHead(status, location === undefined ? {} : { Location: location });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin, asked };
}

const DISCOVERY = "/.well-known/openid-configuration";
const described = (issuer: string, changes: object = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  ...changes,
});

const INSIDE = [
  "http://127.0.0.1:1/",
  "http://issuer.example/",
  "https://127.0.0.1/",
  "https://2130706433/",
  "https://[::ffff:169.254.169.254]/",
  "https://169.254.169.254/latest/meta-data",
  "https://metadata.google.internal/",
  "https://issuer.example:22/",
  "https://issuer.example@10.0.0.1/",
  "file:///etc/passwd",
  "javascript:alert(1)",
];

describe("an issuer", () => {
  it.for(
    ["authorization_endpoint", "token_endpoint", "jwks_uri"].flatMap((name) =>
      INSIDE.map((address) => [name, address] as const),
    ),
  )("49 · whose %s is %s is not believed", async ([name, address], { expect }) => {
    const { origin } = await machine((issuer) => ({
      [DISCOVERY]: { body: described(issuer, { [name]: address }) },
    }));
    await expect(issuerMetadata(io, origin)).rejects.toMatchObject(AWAY);
  });

  it("49 · may name public hosts of others, as Google does", async ({ expect }) => {
    const elsewhere = { token_endpoint: "https://oauth2.googleapis.com/token" };
    const { origin } = await machine((issuer) => ({
      [DISCOVERY]: { body: described(issuer, elsewhere) },
    }));
    expect(await issuerMetadata(io, origin)).toMatchObject(elsewhere);
  });

  it("49 · sends nobody on: no redirect of its description, keys or tokens is followed", async ({
    expect,
  }) => {
    const inside = await machine((origin) => ({
      "/secret": { body: described(origin) },
    }));
    const location = `${inside.origin}/secret`;
    const moved = await machine(() => ({ [DISCOVERY]: { status: 302, location } }));
    await expect(issuerMetadata(io, moved.origin)).rejects.toMatchObject(AWAY);

    const issuer = await machine((origin) => ({
      [DISCOVERY]: { body: described(origin) },
      "/jwks": { status: 307, location },
      "/token": { status: 308, location },
    }));
    const metadata = await issuerMetadata(io, issuer.origin);
    await expect(issuerKeys(io, metadata, { renew: false })).rejects.toMatchObject(AWAY);
    const exchange = askIssuer(io, metadata.token_endpoint, { method: "POST", body: "code=c" });
    await expect(exchange).rejects.toMatchObject(AWAY);
    expect(issuer.asked).toEqual([DISCOVERY, "/jwks", "/token"]);
    expect(inside.asked).toEqual([]);
  });
});
