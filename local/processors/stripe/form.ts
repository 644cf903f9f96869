import { invalidParam, missingParam } from "./stripe-error.ts";

/** A form-encoded body: flat parameters, and `name[key]=value` for maps. */
export class StripeForm {
  readonly #params: URLSearchParams;

  constructor(body: string) {
    this.#params = new URLSearchParams(body);
  }

  text(name: string): string | undefined {
    return this.#params.get(name) || undefined;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missingParam(name);
    return value;
  }

  oneOf<const T extends string>(name: string, values: readonly T[], otherwise: T): T {
    const given = this.text(name) ?? otherwise;
    const value = values.find((candidate) => candidate === given);
    if (!value) throw invalidParam(name, `Invalid ${name}: must be one of ${values.join(", ")}`);
    return value;
  }

  /** Minor units, at least 1. */
  amount(name: string): number | undefined {
    const given = this.text(name);
    if (given === undefined) return undefined;
    if (!/^\d+$/.test(given)) {
      throw invalidParam(name, `Invalid integer: ${given}`, "parameter_invalid_integer");
    }
    const amount = Number(given);
    if (amount < 1) {
      throw invalidParam(name, `${name} must be at least 1`, "parameter_invalid_integer");
    }
    if (amount > 99_999_999) {
      throw invalidParam(name, `${name} must be no more than 99999999`, "amount_too_large");
    }
    return amount;
  }

  map(name: string): Record<string, string> {
    const entries = [...this.#params].flatMap(([key, value]) => {
      const inner = key.startsWith(`${name}[`) && key.endsWith("]");
      return inner ? [[key.slice(name.length + 1, -1), value] as const] : [];
    });
    return Object.fromEntries(entries);
  }

  list(name: string): string[] {
    return [...this.#params].flatMap(([key, value]) =>
      new RegExp(`^${name}\\[\\d*\\]$`).test(key) ? [value] : [],
    );
  }

  /** The same parameters in any order give the same text. */
  fingerprint(): string {
    const sorted = new URLSearchParams(this.#params);
    sorted.sort();
    return sorted.toString();
  }
}
