const URLS_MAX = 8_192;
const URL_LENGTH_MAX = 1_024;

/**
 * Which page a URL, letter for letter, was found to mean. It saves the hot path from parsing and
 * validating again, and it is safe because it is filled only after both, and because what they answer
 * depends on nothing but the URL. Made-up URLs push out only what was not asked for lately: a URL of
 * the older half that is asked for moves to the younger.
 */
export class UrlMemo {
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  readonly #max: number;

  constructor(max = URLS_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  keyOf(url: string): string | undefined {
    const key = this.#young.get(url);
    if (key !== undefined) return key;
    const older = this.#old.get(url);
    if (older !== undefined) this.remember(url, older);
    return older;
  }

  remember(url: string, key: string): void {
    if (url.length > URL_LENGTH_MAX) return;
    this.#young.set(url, key);
    if (this.#young.size <= this.#max / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
