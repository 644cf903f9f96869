import type { PaymentProcessor, Processors } from "../payments/index.ts";
import { DependencyDown } from "../platform/dependency.ts";
import { assert } from "../shared/assert.ts";
import type { OrderState } from "./state.ts";

/** The processor that authorized an order's payment: its money can only move there. */
export function processorOf(processors: Processors, state: OrderState): PaymentProcessor {
  const { processor: name } = state.placed.payment;
  assert(name !== "none", `order ${state.id} took no payment`);
  const processor = processors.byName(name);
  assert(processor, `order ${state.id} was paid by ${name}, which is not configured`);
  return processor;
}

/** An outcome that only the processor can clear up: the message comes back and asks again by the same key. */
export const processorUnclear = (verb: string, reason: string) =>
  new DependencyDown("processor", new Error(`${verb}: ${reason}`));
