import type { GatewayReply, GatewayRequest } from "./gateway.ts";

/** What reached a database gateway since the last reset. */
export type StatementCounts = {
  statements: number;
  transactions: number;
  errors: number;
  /** Lower-case leading keyword of the statement → count. */
  byVerb: Record<string, number>;
};

const LEADING_KEYWORD = /^(?:\s|\/\*[\s\S]*?\*\/|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\()*([a-z]+)/i;

/** The statement's leading keyword in lower case, past comments and parentheses; "" when it has none. */
export function verbOf(sql: string): string {
  return LEADING_KEYWORD.exec(sql)?.[1]?.toLowerCase() ?? "";
}

/** Counts statements at the server, so that tests can assert round trips where they arrive. */
export class StatementStats {
  #counts: StatementCounts = { statements: 0, transactions: 0, errors: 0, byVerb: {} };

  statement(verb: string): void {
    this.#counts.statements += 1;
    this.#counts.byVerb[verb] = (this.#counts.byVerb[verb] ?? 0) + 1;
  }

  transaction(): void {
    this.#counts.transactions += 1;
  }

  error(): void {
    this.#counts.errors += 1;
  }

  /** Answers `GET /stats` and `POST /stats/reset`; `undefined` for any other request. */
  answer({ method, path }: GatewayRequest): GatewayReply | undefined {
    if (method === "POST" && path === "/stats/reset") {
      this.#counts = { statements: 0, transactions: 0, errors: 0, byVerb: {} };
    } else if (method !== "GET" || path !== "/stats") {
      return undefined;
    }
    return { status: 200, json: this.#counts };
  }
}
