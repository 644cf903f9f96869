import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type GatewayReply, type GatewayRequest, parseJson } from "./gateways/gateway.ts";

const Weather = z.strictObject({
  /** Share of requests answered with a 500 before anything has happened. */
  errorRate: z.number().min(0).max(1).default(0),
  /** Share of requests that take effect and are never answered. */
  timeoutRate: z.number().min(0).max(1).default(0),
  /** Added to every answer. */
  latencyMs: z.int().min(0).max(60_000).default(0),
  /** Connections are cut before anything has happened. */
  down: z.boolean().default(false),
});
export type Weather = z.infer<typeof Weather>;

/** What the weather does to one request; decided once, before it is looked at. */
export type Gust = "none" | "error-before" | "timeout-after" | "down";

/** A client that has waited this long has given up: the silent connection is cut. */
const SILENCE_MS_MAX = 30_000;

/** The fault dial of a stand-in: how often, and how, it misbehaves. */
export class WeatherDial {
  #weather: Weather = Weather.parse({});
  readonly #random: () => number;
  readonly #closing = new AbortController();

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** One draw decides between error and time-out, so the two rates add up. */
  gust(): Gust {
    const { down, errorRate, timeoutRate } = this.#weather;
    if (down) return "down";
    const draw = this.#random();
    if (draw < errorRate) return "error-before";
    return draw < errorRate + timeoutRate ? "timeout-after" : "none";
  }

  /** Lets one request, whose effect takes no time of its own, through this weather. */
  async through(effect: () => GatewayReply, failure: GatewayReply): Promise<GatewayReply> {
    const gust = this.gust();
    if (gust === "down") return "hang-up";
    await this.delay();
    if (gust === "error-before") return failure;
    const reply = effect();
    return gust === "timeout-after" ? this.silence() : reply;
  }

  async delay(): Promise<void> {
    if (this.#weather.latencyMs > 0) await this.#wait(this.#weather.latencyMs);
  }

  /** Says nothing until the client has surely given up. */
  async silence(): Promise<GatewayReply> {
    await this.#wait(SILENCE_MS_MAX);
    return "hang-up";
  }

  /** Ends all waiting, so that a stop need not sit it out. */
  close(): void {
    this.#closing.abort();
  }

  /** Answers `GET /weather` and `PUT /weather`; `undefined` for any other request. */
  answer({ method, path, body }: GatewayRequest): GatewayReply | undefined {
    if (path !== "/weather") return undefined;
    if (method === "PUT") {
      const asked = Weather.safeParse(parseJson(body));
      if (!asked.success) return { status: 422, json: { errors: z.flattenError(asked.error) } };
      this.#weather = asked.data;
    } else if (method !== "GET") {
      return { status: 405, json: { error: "use GET or PUT" } };
    }
    return { status: 200, json: this.#weather };
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}
