import { z } from "zod";
import type { Result } from "../../shared/result.ts";

/** Why a row of a catalogue file stays out. Public: clients may switch on them. */
const REJECTIONS = [
  "barcode_too_long",
  "compare_at_price_invalid",
  "field_count",
  "flag_invalid",
  "handle_invalid",
  "handle_missing",
  "image_invalid",
  "option_missing",
  "options_duplicate",
  "options_taken",
  "options_too_many",
  "policy_invalid",
  "price_invalid",
  "price_missing",
  "product_rejected",
  "quantity_invalid",
  "quotes_broken",
  "row_empty",
  "sku_duplicate",
  "sku_invalid",
  "sku_taken",
  "text_invalid",
  "text_too_long",
  "title_missing",
  "variants_too_many",
  "weight_invalid",
] as const;

export const Rejection = z
  .object({
    row: z.int().describe("As a spreadsheet counts: the header is row 1"),
    code: z.enum(REJECTIONS),
    message: z.string(),
  })
  .meta({ id: "ImportRejection" });
export type Rejection = z.infer<typeof Rejection>;

export type RowRefusal = { code: Rejection["code"]; message: string };
export type Read<T> = Result<T, RowRefusal>;

export const refuse = (code: Rejection["code"], message: string) =>
  ({ ok: false, error: { code, message } }) as const;
