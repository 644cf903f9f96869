import type { Place } from "../../../src/inventory/shards/layout.ts";
import type { WholePort } from "../../../src/inventory/shards/ports.ts";
import { type Give, Transfers } from "../../../src/inventory/shards/transfers.ts";
import type { StockBook } from "../../../src/inventory/stock-book.ts";
import type { Bug } from "./bugs.ts";

type Plan = Parameters<Transfers["give"]>[3];
type TransfersOf = (sql: SqlStorage, book: StockBook) => Transfers;

/** The channel of a shard to its whole, with a mistake of its bookkeeping. */
export function faultyTransfers(bug: Bug | undefined, place: Place): TransfersOf | undefined {
  switch (bug) {
    case "shard_forgets_loan":
      return (sql, book) => new Forgetful(sql, book, place);
    case "borrow_booked_twice":
      return (sql, book) => new Doubling(sql, book, place);
    case "loan_given_anew":
      return (sql, book) => new Repeating(sql, book, place);
    default:
      return undefined;
  }
}

/** The way of a shard to its whole, with a question that is not asked. */
export function faultyWhole(bug: Bug | undefined, whole: WholePort): WholePort {
  switch (bug) {
    case "dry_shard_refuses":
      return {
        ...whole,
        supply: async (request) => {
          const supply = await whole.supply(request);
          return request.ask === 1 ? supply : { ...supply, give: undefined, isExhausted: true };
        },
      };
    case "id_held_at_two_shards":
      return { ...whole, consult: async () => ({ bought: 0 }) };
    default:
      return whole;
  }
}

/** Lends what it has, and does not take it off its shelf. */
class Forgetful extends Transfers {
  override give(_name: Place, number: number, _nowMs: number, plan: Plan): Give {
    return { number, parts: plan() };
  }
}

/** Books every delivery, even one that it has booked. */
class Doubling extends Transfers {
  readonly #book: StockBook;
  #copies = 0;

  constructor(sql: SqlStorage, book: StockBook, self: Place) {
    super(sql, book, self);
    this.#book = book;
  }

  override take(name: Place, give: Give, nowMs: number): number {
    const came = super.take(name, give, nowMs);
    if (came > 0 || give.parts.length === 0) return came;
    this.#copies += 1;
    const reference = `transfer:${name}>again:${give.number}-${this.#copies}-${nowMs}`;
    this.#book.transfer(reference, give.parts, "in", nowMs);
    return came;
  }
}

/** Sends new units when the same number is asked for again. */
class Repeating extends Transfers {
  readonly #book: StockBook;
  #copies = 0;

  constructor(sql: SqlStorage, book: StockBook, self: Place) {
    super(sql, book, self);
    this.#book = book;
  }

  override give(name: Place, number: number, nowMs: number, plan: Plan): Give | undefined {
    if (number !== this.peer(name)?.given) return super.give(name, number, nowMs, plan);
    const parts = plan();
    this.#copies += 1;
    const reference = `transfer:again>${name}:${number}-${this.#copies}-${nowMs}`;
    this.#book.transfer(reference, parts, "out", nowMs);
    return { number, parts };
  }
}
