import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import { newId, PromotionId } from "../shared/ids.ts";
import { type Money, money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { forgetAutomatic } from "./gather-offers.ts";
import type { NewPromotion, Promotion, PromotionChange, PromotionView } from "./model.ts";
import {
  AUTOMATIC_MAX,
  countAutomatic,
  findPromotion,
  insertPromotion,
  type PromotionUpdate,
  type StoredPromotion,
  updatePromotion,
} from "./store.ts";

export type PromotionError =
  | { code: "promotion_unknown" }
  | { code: "code_taken" }
  | { code: "automatic_limit"; max: number }
  /** Who would be counted? A rule that applies by itself has no code to count uses under. */
  | { code: "limit_without_code" }
  | { code: "window_empty" }
  | { code: "currency_unsupported"; pointer: string };

type Changing = Pick<Io, "sql" | "clock" | "config">;
type Answered = Promise<Result<PromotionView, PromotionError>>;

export async function createPromotion(io: Changing, asked: NewPromotion): Answered {
  const { STORE_CURRENCY: currency } = io.config;
  if (!isIn(asked.minimumSubtotal, currency)) return currencyError();
  const nowMs = io.clock.nowMs();
  const promotion: StoredPromotion = {
    id: newId(PromotionId, "prm"),
    code: asked.code ?? null,
    title: asked.title,
    effect: asked.effect,
    target: asked.target,
    minimumSubtotalMinor: asked.minimumSubtotal?.amount ?? 0,
    stacking: asked.stacking,
    startsAtMs: asked.startsAt === undefined ? nowMs : Date.parse(asked.startsAt),
    endsAtMs: asked.endsAt === null ? null : Date.parse(asked.endsAt),
    usesMax: asked.usesMax,
    usesPerShopperMax: asked.usesPerShopperMax,
    active: true,
    createdAtMs: nowMs,
  };
  const fault = faultOf(promotion) ?? (await automaticFault(io, promotion));
  if (fault) return err(fault);
  const inserted = await insertPromotion(io.sql, promotion);
  if (!inserted.ok) return inserted;
  forgetAutomatic();
  return ok(promotionView(promotion, currency));
}

/** Changes what is named. Carts show it within a second; a quote that relied on the old is refused. */
export async function changePromotion(
  io: Changing,
  id: PromotionId,
  change: PromotionChange,
): Answered {
  const { STORE_CURRENCY: currency } = io.config;
  if (!isIn(change.minimumSubtotal, currency)) return currencyError();
  const known = await findPromotion(io.sql, id);
  if (!known) return err({ code: "promotion_unknown" });
  const { minimumSubtotal, startsAt, endsAt, ...same } = change;
  const named: PromotionUpdate = {
    ...same,
    ...(minimumSubtotal === undefined
      ? {}
      : { minimumSubtotalMinor: minimumSubtotal?.amount ?? 0 }),
    ...(startsAt === undefined ? {} : { startsAtMs: Date.parse(startsAt) }),
    ...(endsAt === undefined ? {} : { endsAtMs: endsAt === null ? null : Date.parse(endsAt) }),
  };
  const changed: StoredPromotion = { ...known, ...present(named) };
  const revives = changed.active && !known.active;
  const fault = faultOf(changed) ?? (revives ? await automaticFault(io, changed) : undefined);
  if (fault) return err(fault);
  await updatePromotion(io.sql, id, named);
  forgetAutomatic();
  return ok(promotionView(changed, currency));
}

export function promotionView(promotion: StoredPromotion, currency: string): PromotionView {
  const { minimumSubtotalMinor, startsAtMs, endsAtMs, createdAtMs, ...same } = promotion;
  return {
    ...same,
    minimumSubtotal: minimumSubtotalMinor === 0 ? null : money(minimumSubtotalMinor, currency),
    startsAt: timestamp(startsAtMs),
    endsAt: endsAtMs === null ? null : timestamp(endsAtMs),
    createdAt: timestamp(createdAtMs),
  };
}

function faultOf(promotion: Promotion): PromotionError | undefined {
  const { code, usesMax, usesPerShopperMax, startsAtMs, endsAtMs } = promotion;
  if (endsAtMs !== null && endsAtMs <= startsAtMs) return { code: "window_empty" };
  const isLimited = usesMax !== null || usesPerShopperMax !== null;
  return code === null && isLimited ? { code: "limit_without_code" } : undefined;
}

async function automaticFault(
  { sql }: Pick<Io, "sql">,
  { code, active }: Promotion,
): Promise<PromotionError | undefined> {
  if (code !== null || !active) return undefined;
  const isFull = (await countAutomatic(sql)) >= AUTOMATIC_MAX;
  return isFull ? { code: "automatic_limit", max: AUTOMATIC_MAX } : undefined;
}

/** Without the fields that were not named, which would overwrite what is known. */
const present = (update: PromotionUpdate): Partial<Promotion> =>
  Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined));

const isIn = (amount: Money | null | undefined, currency: string): boolean =>
  !amount || amount.currency === currency;

const currencyError = () =>
  err({ code: "currency_unsupported" as const, pointer: "/minimumSubtotal/currency" });
