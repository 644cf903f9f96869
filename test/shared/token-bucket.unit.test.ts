import { describe, it } from "vitest";
import { type Bucket, returnToken, takeToken } from "../../src/shared/token-bucket.ts";

const LIMIT = { burst: 25, tokenMs: 12_000 };

describe("takeToken", () => {
  it("gives out a burst, then five a minute, for as long as one asks", ({ expect }) => {
    let bucket: Bucket | undefined;
    const grantedAtMs: number[] = [];
    for (let nowMs = 0; nowMs <= 600_000; nowMs += 1_000) {
      const taken = takeToken(bucket, LIMIT, nowMs);
      if (!taken.ok) continue;
      bucket = taken.bucket;
      grantedAtMs.push(nowMs);
    }
    expect(grantedAtMs.length).toBe(LIMIT.burst + 50);
    expect(grantedAtMs.at(-1)! - grantedAtMs.at(-2)!).toBe(12_000);
  });

  it("says how long to wait, and survives a clock that jumps back", ({ expect }) => {
    const empty = { fullAtMs: 1_000_000 + LIMIT.burst * 12_000 };
    expect(takeToken(empty, LIMIT, 1_000_000)).toEqual({ ok: false, retryAfterMs: 12_000 });
    expect(takeToken(empty, LIMIT, 5)).toEqual({ ok: false, retryAfterMs: 12_000 });
    expect(takeToken(empty, LIMIT, 1_012_000).ok).toBe(true);
  });

  it("counts what is left, and takes a token back", ({ expect }) => {
    const first = takeToken(undefined, LIMIT, 0);
    expect(first).toMatchObject({ ok: true, left: 24 });
    const bucket = first.ok ? first.bucket : undefined;
    expect(takeToken(bucket, LIMIT, 0)).toMatchObject({ left: 23 });
    expect(takeToken(returnToken(bucket, LIMIT), LIMIT, 0)).toMatchObject({ left: 24 });
    expect(returnToken(undefined, LIMIT)).toBeUndefined();
  });
});
