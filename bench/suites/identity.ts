import type { SessionTokens } from "../../src/identity/model.ts";
import type { RequestParts } from "../load/connection.ts";
import { inTurn } from "../measure/pairs.ts";
import { compareSamples } from "../measure/two-samples.ts";
import { comparisonRow, row } from "../report.ts";
import { makeAccounts, PASSWORD, refresh, signIn, timeRefusal } from "../shop/accounts.ts";
import { stockedSkus } from "../shop/stock.ts";
import type { Row, SuiteContext, SuiteResult } from "../suite.ts";

const ACCOUNTS = 8;
/** Side by side, as far as their hashes fit into the time that every refusal takes. */
const LANES = 3;
/** The shop's own cost first; then what else was thought of. */
const COSTS = [
  { logN: 14, p: 5 },
  { logN: 15, p: 3 },
  { logN: 16, p: 2 },
  { logN: 17, p: 1 },
];
const JSON_BODY = { "Content-Type": "application/json" };

type Part<T> = { rows: Row[]; figures: T };

/** What accounts cost: the hash, a sign-in, being signed in, staying so; and what a refusal's time tells. */
export async function measureIdentity(context: SuiteContext): Promise<SuiteResult> {
  const { shop, progress } = context;
  progress("accounts, by their mails");
  const emails = await makeAccounts(shop, ACCOUNTS);
  const hashes = await measureHashes(context);
  const signIns = await measureSignIns(context, emails);
  progress("refusals of known and unknown addresses in turn");
  const refusals = await measureRefusals(context, emails);
  const tokens = await signIn(shop, emails[0]!);
  const requests = await measureRequests(context, tokens);
  const refreshes = await measureRefreshes(context, emails);
  const parts = [hashes, signIns, refusals, requests, refreshes];
  return {
    rows: parts.flatMap(({ rows }) => rows),
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)),
  };
}

async function measureHashes({ shop, generator, scale }: SuiteContext): Promise<Part<object>> {
  const hashes = [];
  for (const { logN, p } of COSTS) {
    const requests = [{ method: "GET", path: `/?logN=${logN}&p=${p}` }];
    const load = { url: shop.hashDriver, requests, connections: 1, forMs: scale.turnMs * 8 };
    const { p50Ms, p99Ms } = await generator.drive(load);
    hashes.push({ logN, r: 8, p, memoryMiB: 2 ** (logN - 10), p50Ms, p99Ms });
  }
  const rows = hashes.map(({ logN, p, memoryMiB, p50Ms, p99Ms }) =>
    row(
      `identity: scrypt N=2^${logN} r=8 p=${p}, ${memoryMiB} MiB, p50 · p99`,
      `${p50Ms.toFixed(0)} · ${p99Ms.toFixed(0)} ms`,
    ),
  );
  return { rows, figures: { hashes } };
}

async function measureSignIns(
  { shop, generator, scale }: SuiteContext,
  emails: readonly string[],
): Promise<Part<object>> {
  const url = shop.isolates[0]!;
  const requests = emails.map(
    (email): RequestParts => ({
      method: "POST",
      path: "/api/v2/auth/login",
      headers: JSON_BODY,
      body: JSON.stringify({ email, password: PASSWORD }),
    }),
  );
  const load = { url, requests, forMs: scale.turnMs * 20 };
  const alone = await generator.drive({ ...load, connections: 1 });
  const four = await generator.drive({ ...load, connections: 4 });
  const line = ({ perSecond, p50Ms, p99Ms }: typeof alone) =>
    `${perSecond.toFixed(1)}/s · p50 ${p50Ms.toFixed(0)} · p99 ${p99Ms.toFixed(0)} ms`;
  return {
    rows: [
      row("identity: sign-in, one at a time", line(alone)),
      row("identity: sign-in, four at once in one isolate", line(four)),
    ],
    figures: { signIn: { alone, four } },
  };
}

/** Wrong passwords for addresses with and without an account, in turn: can the time tell them apart? */
async function measureRefusals(
  { shop, scale }: SuiteContext,
  emails: readonly string[],
): Promise<Part<{ refusals: object }>> {
  const known: number[] = [];
  const unknown: number[] = [];
  const lane = async (offset: number) => {
    for (let at = offset; at < scale.refusals; at += LANES) {
      const nobody = `bench-${crypto.randomUUID()}@example.com`;
      const turns = [
        async () => known.push(await timeRefusal(shop, emails[at % emails.length]!)),
        async () => unknown.push(await timeRefusal(shop, nobody)),
      ];
      // Who goes first changes, so that what the first leaves warm meets both alike.
      for (const turn of at % 2 === 0 ? turns : turns.reverse()) await turn();
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, offset) => lane(offset)));
  const compared = compareSamples(known, unknown);
  const { medians, apart, welchP, ksP } = compared;
  return {
    rows: [
      row(
        `identity: refusal of ${known.length} known · unknown, p50`,
        `${medians[0].toFixed(1)} · ${medians[1].toFixed(1)} ms (${(apart * 100).toFixed(1)} % apart)`,
      ),
      row(
        "identity: p that they are one (Welch · Kolmogorov-Smirnov)",
        `${welchP.toFixed(3)} · ${ksP.toFixed(3)}`,
      ),
    ],
    figures: { refusals: { count: known.length, ...compared } },
  };
}

/** The same requests with and without an access token. */
async function measureRequests(
  { shop, generator, scale, stocked }: SuiteContext,
  { accessToken }: SessionTokens,
): Promise<Part<object>> {
  const url = shop.isolates[0]!;
  const [sku] = stockedSkus(stocked);
  const path = `/api/v2/availability?sku=${sku}`;
  const headers = { Authorization: `Bearer ${accessToken}` };
  const { connections, pairs, turns, turnMs } = scale;
  const drive = (requests: RequestParts[]) => () =>
    generator.drive({ url, requests, connections, forMs: turnMs });
  const signedIn = drive([{ method: "GET", path, headers }]);
  const anonymous = drive([{ method: "GET", path }]);
  await signedIn();
  await anonymous();
  const compared = await inTurn({
    pairs,
    turns,
    runtimePid: shop.workerdPid,
    ours: signedIn,
    peer: anonymous,
  });
  const stepsOf = async (init: RequestInit) =>
    Number((await fetch(new URL(path, url), init)).headers.get("X-Round-Trips"));
  const addedSteps = (await stepsOf({ headers })) - (await stepsOf({}));
  return {
    rows: [
      comparisonRow("identity: request signed in · anonymous", compared),
      row("identity: steps that being signed in adds", addedSteps),
    ],
    figures: { signedIn: compared, addedSteps },
  };
}

/** Each session exchanges its token for the next, again and again. */
async function measureRefreshes(
  { shop, scale }: SuiteContext,
  emails: readonly string[],
): Promise<Part<object>> {
  const sessions: SessionTokens[] = [];
  for (const email of emails) sessions.push(await signIn(shop, email));
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + scale.turnMs * 20;
  const counts = await Promise.all(
    sessions.map(async ({ refreshToken }) => {
      let count = 0;
      for (let token = refreshToken; performance.now() < endsAtMs; count += 1) {
        ({ refreshToken: token } = await refresh(shop, token));
      }
      return count;
    }),
  );
  const count = counts.reduce((sum, each) => sum + each, 0);
  const perSecond = count / ((performance.now() - startedAtMs) / 1_000);
  return {
    rows: [row(`identity: refresh, ${sessions.length} sessions`, perSecond, "a second")],
    figures: { refresh: { sessions: sessions.length, count, perSecond } },
  };
}
