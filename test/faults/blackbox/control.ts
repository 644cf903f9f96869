import { type Gateway, parseJson, serveGateway } from "../../../local/gateways/gateway.ts";
import type { Plan } from "./plan.ts";

/** A plan, whom it is for, and whether it has come to pass; `off`: it shall not any more. */
export type Order = { subject: string; plan: Plan; state: "waiting" | "fired" | "off" };

/** Where the Workers with fault points ask what shall happen to whom. Each plan fires once. */
export class Control {
  readonly #orders = new Map<string, Order>();
  /** The points that traced subjects passed. */
  readonly passed = new Map<string, Set<string>>();
  #gateway: Gateway | undefined;

  get url(): string {
    if (!this.#gateway) throw new Error("the control is not open");
    return this.#gateway.url;
  }

  async open(): Promise<void> {
    this.#gateway = await serveGateway({
      port: 0,
      maxBodyBytes: 100_000,
      answer: async ({ path, body }) => {
        const asked = parseJson(body) as { subject: string; points?: string[] };
        return { status: 200, json: this.#answer(path, asked) };
      },
      refuse: (status) => ({ status, json: null }),
      closeEngine: async () => {},
    });
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
  }

  plan(subject: string, plan: Plan): Order {
    const order: Order = { subject, plan, state: "waiting" };
    this.#orders.set(subject, order);
    return order;
  }

  #answer(path: string, { subject, points = [] }: { subject: string; points?: string[] }): unknown {
    const order = this.#orders.get(subject);
    switch (path) {
      case "/plan":
        return order?.state === "waiting" ? order.plan : null;
      case "/fire": {
        if (order?.state !== "waiting") return false;
        order.state = "fired";
        return true;
      }
      case "/seen": {
        const passed = this.passed.get(subject) ?? new Set();
        for (const point of points) passed.add(point);
        this.passed.set(subject, passed);
        return true;
      }
      default:
        return null;
    }
  }
}
