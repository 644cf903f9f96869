import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { Connection, headerOf, requestBytes } from "../../bench/load/connection.ts";
import { drive } from "../../bench/load/drive.ts";
import { Latencies, median } from "../../bench/load/latencies.ts";
import { inTurn } from "../../bench/measure/pairs.ts";
import { selfTimes } from "../../bench/measure/profiler.ts";
import { compareSamples } from "../../bench/measure/two-samples.ts";
import { zipf } from "../../bench/measure/zipf.ts";
import { plotRatios } from "../../bench/plot.ts";
import { seeded } from "../../samples/seeded.ts";

async function serving(
  answer: Parameters<typeof createServer>[1],
): Promise<{ url: URL; server: Server }> {
  const server = createServer(answer as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), server };
}

describe("Connection", () => {
  it("finds the end of answers with a length, in chunks, and without a body, on one connection", async ({
    expect,
  }) => {
    const { url, server } = await serving((request, response) => {
      response.setHeader("X-Cache", "miss");
      if (request.url === "/empty") return void response.writeHead(304).end();
      if (request.url === "/whole") return void response.end("as a whole");
      response.write("in ");
      setTimeout(() => response.end("parts"), 5);
    });
    const connection = await Connection.open(url);
    const bodies: string[] = [];
    for (const path of ["/whole", "/parts", "/empty", "/whole"]) {
      const answer = await connection.send(requestBytes(url, { path }));
      expect(headerOf(answer, "x-cache")).toBe("miss");
      bodies.push(answer.body.toString());
    }
    expect(bodies).toEqual(["as a whole", "in parts", "", "as a whole"]);
    connection.close();
    server.close();
  });

  it("rejects when the server hangs up instead of answering", async ({ expect }) => {
    const { url, server } = await serving((request) => request.socket.destroy());
    const connection = await Connection.open(url);
    await expect(connection.send(requestBytes(url, {}))).rejects.toThrow();
    server.close();
  });
});

describe("drive", () => {
  it("counts latency from when a request was due, not from when it could be sent", async ({
    expect,
  }) => {
    const { url, server } = await serving((_, response) => {
      setTimeout(() => response.end("slow"), 20);
    });
    const job = { url: String(url), requests: [{}], connections: 1, forMs: 200 };
    const run = await drive({ ...job, perSecond: 100 });
    // One connection answers 50 a second at most, so those due at 100 a second wait ever longer.
    expect(run.requests).toBeGreaterThan(15);
    expect(run.p99Ms).toBeGreaterThan(100);
    server.close();
  });

  it("sends each request once if told so", async ({ expect }) => {
    const asked: string[] = [];
    const { url, server } = await serving((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    const requests = ["/a", "/b", "/c"].map((path) => ({ path }));
    const run = await drive({
      url: String(url),
      requests,
      connections: 2,
      forMs: 5_000,
      once: true,
    });
    expect(asked.sort()).toEqual(["/a", "/b", "/c"]);
    expect(run.statuses).toEqual({ 200: 3 });
    server.close();
  });
});

describe("what is made of the numbers", () => {
  it("takes percentiles by nearest rank, and the middle of even counts", ({ expect }) => {
    const latencies = new Latencies();
    for (let ms = 100; ms >= 1; ms -= 1) latencies.add(ms);
    expect(latencies.percentiles([0.5, 0.99, 1])).toEqual([50, 99, 100]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("draws the n-th n times as rarely as the first", ({ expect }) => {
    const next = zipf(100, seeded(7));
    const drawn = new Array<number>(100).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) drawn[next()]! += 1;
    for (const rank of [2, 4, 10]) {
      expect(drawn[0]! / drawn[rank - 1]!).toBeGreaterThan(rank * 0.85);
      expect(drawn[0]! / drawn[rank - 1]!).toBeLessThan(rank * 1.15);
    }
  });

  it("lets ours and the peer go first by turns, and divides pair by pair", async ({ expect }) => {
    const order: string[] = [];
    const run = (side: string, perSecond: number) => async () => {
      order.push(side);
      return { requests: perSecond, seconds: 1, layers: { hit: 1 }, perSecond } as never;
    };
    const compared = await inTurn({
      pairs: 2,
      turns: 2,
      runtimePid: process.pid,
      ours: run("ours", 80),
      peer: run("peer", 100),
    });
    expect(order.join(" ")).toBe("ours peer peer ours peer ours ours peer");
    expect(compared.ratio).toEqual({ median: 0.8, min: 0.8, max: 0.8 });
    expect(compared.ours).toMatchObject({ requests: 320, layers: { hit: 4 } });
  });

  it("leaves idle time out of a profile", ({ expect }) => {
    const node = (id: number, functionName: string) => ({
      id,
      callFrame: { functionName, url: "", lineNumber: 9 },
    });
    const profile = {
      nodes: [node(1, "(idle)"), node(2, "render"), node(3, "")],
      samples: [1, 2, 3, 2],
      timeDeltas: [900, 30, 20, 50],
      startTime: 0,
      endTime: 1_000,
    };
    expect(selfTimes(profile)).toEqual([
      { where: "render:10", share: 0.8 },
      { where: "anonymous:10", share: 0.2 },
    ]);
  });
});

describe("the picture of the ratios", () => {
  const comparison = (median: number) => ({ ratio: { median, min: median / 2, max: median * 2 } });
  const bars = (svg: string) =>
    [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));

  it("has a bar for every comparison, wherever it stands, named by its path and to scale", ({
    expect,
  }) => {
    const figures = { pages: { "1000": { hot: comparison(0.9), off: 5 } }, cart: comparison(0.45) };
    const svg = plotRatios(figures);
    expect(svg).toContain("pages · 1000 · hot");
    const [hot, cart] = bars(svg);
    expect(bars(svg)).toHaveLength(2);
    expect(hot! / cart!).toBeCloseTo(2, 1);
  });

  it("shows names as text, and is a picture even of nothing", ({ expect }) => {
    expect(plotRatios({ "<b>&": comparison(1) })).toContain("&lt;b>&amp;");
    expect(bars(plotRatios({}))).toEqual([]);
  });
});

describe("comparing two samples", () => {
  const sample = (seed: number, shift = 0) => {
    const random = seeded(seed);
    // A long tail, as latencies have.
    return Array.from({ length: 1_000 }, () => 100 + shift - 8 * Math.log(1 - random()));
  };

  it("finds the same distribution the same, and a shift of a few percent not", ({ expect }) => {
    const same = compareSamples(sample(1), sample(2));
    expect(same.apart).toBeLessThan(0.02);
    expect(Math.min(same.welchP, same.ksP)).toBeGreaterThan(0.05);
    const shifted = compareSamples(sample(1), sample(2, 3));
    expect(shifted.apart).toBeGreaterThan(0.02);
    expect(Math.max(shifted.welchP, shifted.ksP)).toBeLessThan(0.001);
  });

  it("knows the tables' own values", ({ expect }) => {
    // Means 0 and 1.96 standard errors apart: 5 %.
    const spread = [-1, 1, -1, 1, -1, 1, -1, 1];
    const error = Math.sqrt((2 * (8 / 7)) / 8);
    const { welchP } = compareSamples(
      spread,
      spread.map((value) => value + 1.959964 * error),
    );
    expect(welchP).toBeCloseTo(0.05, 4);
    const same = compareSamples(spread, spread);
    expect(same).toMatchObject({ ksP: 1, apart: 0 });
    expect(same.welchP).toBeCloseTo(1, 6);
  });
});
