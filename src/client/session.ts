/** The tokens of somebody who is signed in, as they are kept between two visits. */
export type StoredSession = {
  accessToken: string;
  refreshToken: string;
  /** By this device's own clock. */
  expiresAtMs: number;
};

/** Where a browser or an app keeps them. Several tabs may share one store. */
export type SessionStore = {
  get(): StoredSession | undefined;
  /** `undefined` when the session is over. */
  set(session: StoredSession | undefined): void;
};

type Send = (request: Request) => Promise<Response>;

/** The routes that read who is signed in. To all others no token is sent: public pages stay public. */
const FOR_SIGNED_IN =
  /^\/api\/v\d\/(?:(?:cart|checkouts?|validatecheckout|processorder|orders?|me)(?:\/|$)|auth\/(?:logout|logout-all|password\/change|2fa(?!\/verify)|passkeys(?!\/login)|step-up)(?:\/|$))/;
const ANSWERS_TOKENS = /^\/api\/v\d\/auth\//;
/** A token that ends within this is exchanged before it is used. */
const EARLY_MS = 5_000;

/**
 * Keeps a shopper signed in: sends the access token where it is read, exchanges it when it ends, and
 * remembers what the API answers. However many calls find the token over at once, they exchange it
 * once; a call is repeated at most once, with the key it had, and a refusal ends the session.
 */
export class Session {
  readonly #store: SessionStore;
  readonly #baseUrl: string;
  readonly #send: Send;
  #exchanging: Promise<void> | undefined;

  constructor(store: SessionStore, baseUrl: string, send: Send) {
    this.#store = store;
    this.#baseUrl = baseUrl;
    this.#send = send;
  }

  get isOpen(): boolean {
    return this.#store.get() !== undefined;
  }

  end(): void {
    this.#store.set(undefined);
  }

  async send(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!FOR_SIGNED_IN.test(pathname) || request.headers.has("Authorization")) {
      return this.#sendAndRemember(request, pathname);
    }
    await this.#exchangeIfOver();
    const used = this.#store.get();
    if (!used) return this.#sendAndRemember(request, pathname);
    // Before the body is read: it can be sent a second time only from a copy.
    const again = request.clone();
    const response = await this.#sendAndRemember(withToken(request, used), pathname);
    if (!(await saysTokenIsOver(response))) return response;
    const next = await this.#nextAfter(used);
    if (!next) return response;
    await response.body?.cancel();
    return this.#sendAndRemember(withToken(again, next), pathname);
  }

  /** The tokens to go on with after these were refused, if any: another call or tab may have them already. */
  async #nextAfter(used: StoredSession): Promise<StoredSession | undefined> {
    if (this.#store.get()?.accessToken === used.accessToken) {
      try {
        await this.#exchange();
      } catch {
        return undefined; // No network for it now: the caller is told what the API said.
      }
    }
    const next = this.#store.get();
    return next?.accessToken === used.accessToken ? undefined : next;
  }

  async #exchangeIfOver(): Promise<void> {
    const session = this.#store.get();
    if (session && session.expiresAtMs - EARLY_MS <= Date.now()) await this.#exchange();
  }

  #exchange(): Promise<void> {
    this.#exchanging ??= this.#exchangeNow().finally(() => {
      this.#exchanging = undefined;
    });
    return this.#exchanging;
  }

  async #exchangeNow(): Promise<void> {
    const used = this.#store.get();
    if (!used) return;
    const { refreshToken } = used;
    const url = new URL("/api/v2/auth/refresh", this.#baseUrl);
    const request = new Request(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refreshToken }),
    });
    const response = await this.#sendAndRemember(request, url.pathname);
    await response.body?.cancel();
    // Weather leaves the session as it is. And another tab may have exchanged the token meanwhile.
    const isOver = response.status === 401 && this.#store.get()?.refreshToken === refreshToken;
    if (isOver) this.end();
  }

  /** Whatever signs in, by password or passkey or a raw call: its tokens are kept. */
  async #sendAndRemember(request: Request, pathname: string): Promise<Response> {
    const response = await this.#send(request);
    if (!ANSWERS_TOKENS.test(pathname) || !response.ok) return response;
    const tokens = tokensIn(await response.clone().json());
    if (tokens) this.#store.set(tokens);
    return response;
  }
}

export function sessionStore(given: SessionStore | undefined): SessionStore {
  if (given) return given;
  let current: StoredSession | undefined;
  return {
    get: () => current,
    set: (session) => {
      current = session;
    },
  };
}

function withToken(request: Request, { accessToken }: StoredSession): Request {
  request.headers.set("Authorization", `Bearer ${accessToken}`);
  return request;
}

/** A wrong password is a 401 too: only the token's own refusal is a reason to exchange it. */
async function saysTokenIsOver(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return (problem as { type?: unknown } | undefined)?.type === "/problems/unauthorized";
}

function tokensIn(answer: unknown): StoredSession | undefined {
  const { accessToken, refreshToken, expiresIn } = (answer ?? {}) as Record<string, unknown>;
  if (typeof accessToken !== "string" || typeof refreshToken !== "string") return undefined;
  const seconds = typeof expiresIn === "number" ? expiresIn : 0;
  return { accessToken, refreshToken, expiresAtMs: Date.now() + seconds * 1_000 };
}
