import { weatherBehind } from "../../platform/dependency.ts";

export const WEATHER = Symbol("weather");

/** Runs an effect; weather becomes a value, anything else is a bug and stays one. */
export async function attempted<T>(effect: () => Promise<T>): Promise<T | typeof WEATHER> {
  try {
    return await effect();
  } catch (error) {
    if (weatherBehind(error)) return WEATHER;
    throw error;
  }
}
