import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../../platform/http/audited.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { idempotent } from "../../platform/http/idempotency.ts";
import { invalid } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { timestamp } from "../../shared/clock.ts";
import { FlagChanges, FlagView } from "./model.ts";
import { dropStanding, putStanding, readShelf, SHELVES, type Standing } from "./standing.ts";

const FlagList = z.object({ items: z.array(FlagView) }).meta({ id: "FlagList" });
const SetFlags = z
  .object({ effectiveBy: z.iso.datetime().describe("From then on they hold in every isolate") })
  .meta({ id: "SetFlags" });

export const flagRoutes = new Hono<ApiEnv>()
  .get(
    "/flags",
    describe({
      summary: "The flags that are set",
      tag: "Operations",
      audience: "staff",
      scope: "access:read",
      responses: { 200: FlagList },
      problems: ["dependency-unavailable"],
    }),
    async (c) => {
      const { entries } = await readShelf(c.var.io, SHELVES.flag);
      const items = entries.map(flagView).sort((a, b) => (a.name < b.name ? -1 : 1));
      return c.json({ items }, 200);
    },
  )
  .put(
    "/flags",
    describe({
      summary: "Set and remove flags everywhere within a second; those that are not named stay",
      tag: "Operations",
      audience: "staff",
      scope: "access:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: SetFlags },
      problems: [
        "request-invalid",
        "idempotency-key-reused",
        "request-in-progress",
        "dependency-unavailable",
      ],
    }),
    idempotent((c) => `staff:${c.var.staff}`),
    valid("json", FlagChanges),
    audited("access.flags_set"),
    async (c) => {
      const { flags, until = null } = c.req.valid("json");
      const { io, staff = "unknown" } = c.var;
      const atMs = io.clock.nowMs();
      if (until !== null && until <= atMs) {
        throw invalid({ pointer: "/until", code: "past", message: "has passed" });
      }
      const set = Object.entries(flags).flatMap(([fact, value]): Standing[] =>
        value === null ? [] : [{ fact, data: settingOf(value), by: staff, atMs, untilMs: until }],
      );
      const removed = Object.keys(flags).filter((name) => flags[name] === null);
      let effectiveByMs = atMs;
      if (set.length > 0) {
        const put = await putStanding(io, c.env, SHELVES.flag, set);
        if (!put.ok) {
          const message = `there are ${put.error.max} already`;
          throw invalid({ pointer: "/flags", code: put.error.code, message });
        }
        ({ effectiveByMs } = put.value);
      }
      if (removed.length > 0) {
        const { appended } = await dropStanding(io, c.env, SHELVES.flag, removed);
        ({ effectiveByMs } = appended);
      }
      return c.json({ effectiveBy: timestamp(effectiveByMs) }, 200);
    },
  );

const settingOf = (value: boolean | string) => {
  if (typeof value === "string") return value;
  return value ? "on" : "off";
};

const flagView = ({ fact: name, data: value, by, atMs, untilMs }: Standing): FlagView => ({
  name,
  value,
  by,
  at: timestamp(atMs),
  until: untilMs === null ? null : timestamp(untilMs),
});
