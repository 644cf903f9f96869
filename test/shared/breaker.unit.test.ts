import fc from "fast-check";
import { describe, it } from "vitest";
import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  FAILURES_TO_OPEN,
  grantProbe,
  OPEN_MS_MAX,
  PROBES_MAX,
  phaseOf,
} from "../../src/shared/breaker.ts";

type Step = { waitMs: number; what: "failure" | "success" | "probe" };
const steps = fc.array(
  fc.record<Step>({
    waitMs: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 90_000 })),
    what: fc.constantFrom("failure", "success", "probe"),
  }),
  { maxLength: 80 },
);

/** Plays steps and shows the circuit before and after each. */
function play(list: readonly Step[], look: (at: Played) => void): void {
  let circuit: Circuit = CLOSED;
  let nowMs = 1_000_000;
  for (const { waitMs, what } of list) {
    nowMs += waitMs;
    const before = circuit;
    const granted = what === "probe" ? grantProbe(circuit, nowMs) : undefined;
    if (what === "failure") circuit = afterFailure(circuit, nowMs);
    if (what === "success") circuit = afterSuccess(circuit, nowMs);
    if (granted) circuit = granted;
    look({ before, after: circuit, what, nowMs, isGranted: granted !== undefined });
  }
}
type Played = { before: Circuit; after: Circuit; what: string; nowMs: number; isGranted: boolean };

const failing = (count: number, nowMs: number): Circuit => {
  let circuit: Circuit = CLOSED;
  for (let n = 0; n < count; n += 1) circuit = afterFailure(circuit, nowMs + n);
  return circuit;
};

describe("a circuit", () => {
  it("opens at exactly the failure that it takes, and not before", ({ expect }) => {
    expect(phaseOf(failing(FAILURES_TO_OPEN - 1, 1_000), 1_010)).toBe("closed");
    expect(phaseOf(failing(FAILURES_TO_OPEN, 1_000), 1_010)).toBe("open");
  });

  it("counts failures in a row, close to each other", ({ expect }) => {
    const two = failing(FAILURES_TO_OPEN - 1, 1_000);
    const mended = afterFailure(afterSuccess(two, 2_000), 3_000);
    expect(phaseOf(mended, 3_001)).toBe("closed");
    expect(phaseOf(afterFailure(two, 1_000_000), 1_000_001)).toBe("closed");
  });

  it("is not closed by a success from before it opened", ({ expect }) => {
    const open = failing(FAILURES_TO_OPEN, 1_000);
    expect(afterSuccess(open, 1_500)).toBe(open);
  });

  it("closes after one good probe, and opens for longer after a bad one", ({ expect }) => {
    const open = failing(FAILURES_TO_OPEN, 1_000);
    const halfOpenAtMs = open.openUntilMs;
    expect(phaseOf(open, halfOpenAtMs)).toBe("half_open");
    const probing = grantProbe(open, halfOpenAtMs);
    expect(probing).toBeDefined();
    expect(phaseOf(afterSuccess(probing!, halfOpenAtMs + 10), halfOpenAtMs + 11)).toBe("closed");
    const again = afterFailure(probing!, halfOpenAtMs + 10);
    expect(again.openForMs).toBe(open.openForMs * 2);
    expect(phaseOf(again, halfOpenAtMs + 11)).toBe("open");
  });

  it("never has more probes out than its budget, and none while it is open or closed", ({
    expect,
  }) => {
    fc.assert(
      fc.property(steps, (list) => {
        play(list, ({ before, after, nowMs, isGranted }) => {
          expect(after.probes.filter((untilMs) => untilMs > nowMs).length).toBeLessThanOrEqual(
            PROBES_MAX,
          );
          if (isGranted) expect(phaseOf(before, nowMs)).toBe("half_open");
        });
      }),
      { numRuns: 500 },
    );
  });

  it("leaves `open` by time alone, and never stays so for longer than the most", ({ expect }) => {
    fc.assert(
      fc.property(steps, (list) => {
        play(list, ({ before, after, nowMs }) => {
          if (phaseOf(before, nowMs) === "open") expect(after).toBe(before);
          expect(after.openUntilMs - nowMs).toBeLessThanOrEqual(OPEN_MS_MAX);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("always finds its way back: from any state one pause and one good probe close it", ({
    expect,
  }) => {
    fc.assert(
      fc.property(steps, (list) => {
        let last: Played | undefined;
        play(list, (at) => {
          last = at;
        });
        if (!last || phaseOf(last.after, last.nowMs) === "closed") return;
        const later = last.nowMs + OPEN_MS_MAX + 60_000;
        const probing = grantProbe(last.after, later);
        expect(probing).toBeDefined();
        expect(afterSuccess(probing!, later)).toBe(CLOSED);
      }),
      { numRuns: 500 },
    );
  });
});
