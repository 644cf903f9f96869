import type { Config } from "../config/config.ts";
import { Pressure } from "./pressure.ts";

const pressures = new WeakMap<Config, Pressure>();

/** This isolate's pressure. By configuration, as a test's runtime may hold several shops. */
export function pressureOf(config: Config): Pressure {
  const known = pressures.get(config);
  if (known) return known;
  // The primary: what an expensive route does ends there.
  const pressure = new Pressure(["mysql"], {
    inFlightMax: config.IN_FLIGHT_MAX,
    slowMs: config.SLOW_CALL_MS,
  });
  pressures.set(config, pressure);
  return pressure;
}
