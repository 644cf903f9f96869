import { DependencyDown, weatherBehind } from "../../platform/dependency.ts";
import type { ShardPort, WholePort } from "./ports.ts";

/** An object's weather by its own name; anything else is a bug and keeps its face. */
export const asWeather = (error: unknown): unknown =>
  weatherBehind(error) ? new DependencyDown("object", error) : error;

/**
 * What the runtime says of a broken call is lost on the way through a second object; the name that the
 * weather has here is not.
 */
async function weathered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asWeather(error);
  }
}

export const shardPort = (stub: ShardPort): ShardPort => ({
  lend: (request) => weathered(() => stub.lend(request)),
  adopt: (terms) => weathered(() => stub.adopt(terms)),
  knows: (holdId) => weathered(() => stub.knows(holdId)),
  unitsOf: (buyer, sinceMs) => weathered(() => stub.unitsOf(buyer, sinceMs)),
  inspect: () => weathered(() => stub.inspect()),
  movementsOf: (sale) => weathered(() => stub.movementsOf(sale)),
});

export const wholePort = (stub: WholePort): WholePort => ({
  supply: (request) => weathered(() => stub.supply(request)),
  consult: (question) => weathered(() => stub.consult(question)),
  report: (place, report, holds) => weathered(() => stub.report(place, report, holds)),
});
