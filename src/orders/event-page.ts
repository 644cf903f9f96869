import { assert } from "../shared/assert.ts";
import { cursorOf, pageQuery } from "./page-query.ts";

/** `?limit=&cursor=` of an order's events. The cursor holds the last sequence seen. */
export const EventPage = pageQuery(sequenceOf);

export function cursorAfter(sequence: number): string {
  assert(Number.isSafeInteger(sequence) && sequence > 0, "a cursor stands after an event");
  return cursorOf(`events:${sequence}`);
}

function sequenceOf(text: string): number | undefined {
  const [, digits] = /^events:([1-9]\d{0,8})$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
