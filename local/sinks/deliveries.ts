import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  parseJson,
  serveGateway,
} from "../gateways/gateway.ts";
import { Journal } from "../journal.ts";
import { WeatherDial } from "../weather.ts";

export type DeliveriesOptions = {
  /** 0 picks a free port. */
  port: number;
  /** Holds `deliveries.jsonl`. */
  dir: string;
  nowMs?: () => number;
  random?: () => number;
};

export type Delivery = {
  id: string;
  /** RFC 3339, UTC. */
  at: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The raw text, over which a signature is computed. */
  body: string;
  /** The body as JSON, when it is. */
  json: unknown;
};

const BODY_BYTES_MAX = 5_000_000;

/** Accepts a webhook at any path and keeps it: the far end of every outgoing webhook. */
export async function startDeliveries(options: DeliveriesOptions): Promise<Gateway> {
  const { port, dir, nowMs = Date.now, random } = options;
  const weather = new WeatherDial(random);
  const journal = new Journal<Delivery>(join(dir, "deliveries.jsonl"));
  const deliveries = journal.load();

  const keep = ({ path, headers, body }: GatewayRequest): GatewayReply => {
    const at = new Date(nowMs()).toISOString();
    const delivery = { id: randomUUID(), at, path, headers, body, json: parseJson(body) ?? null };
    journal.append(delivery);
    deliveries.push(delivery);
    return { status: 200, json: { received: delivery.id } };
  };

  const answer = async (request: GatewayRequest): Promise<GatewayReply> => {
    const control = weather.answer(request);
    if (control) return control;
    const { method, path, query } = request;
    if (method === "GET" && path === "/deliveries") {
      const only = query.get("path");
      const matching = deliveries.filter((delivery) => !only || delivery.path === only);
      return { status: 200, json: { deliveries: matching } };
    }
    if (method !== "POST") return refuse(405, "only POST is taken here");
    return weather.through(() => keep(request), refuse(500, "nothing was kept"));
  };

  const closeEngine = async () => weather.close();
  return serveGateway({ port, maxBodyBytes: BODY_BYTES_MAX, answer, refuse, closeEngine });
}

const refuse = (status: number, error: string): GatewayReply => ({ status, json: { error } });
