import { and, asc, eq, exists, gt, gte, or } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { CategoryId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { cursorScope, decodeCursor, encodeCursor } from "./cursor.ts";
import type { Category, CategoryList } from "./model.ts";
import { categoryListTags, categoryPageTags } from "./page-tags.ts";
import type { Page } from "./render.ts";
import { categories, productCategories } from "./schema.ts";

const CATEGORY = { id: categories.id, handle: categories.handle, title: categories.title };

/** Categories by title, those alone that have something to show. */
export async function listCategories(
  session: SqlSession,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Result<Page<CategoryList>, { code: "cursor_invalid" }>> {
  const scope = await cursorScope(["categories"]);
  const after = cursor === undefined ? undefined : decodeCursor(scope, cursor, "string");
  if (cursor !== undefined && !after) return err({ code: "cursor_invalid" });

  const key = String(after?.key);
  const past = and(
    gte(categories.title, key),
    or(gt(categories.title, key), gt(categories.id, after?.id as CategoryId)),
  );
  const shownProduct = session
    .select({ id: productCategories.productId })
    .from(productCategories)
    .where(
      and(eq(productCategories.categoryId, categories.id), eq(productCategories.published, true)),
    );
  const rows = await session
    .select(CATEGORY)
    .from(categories)
    .where(and(exists(shownProduct), after && past))
    .orderBy(asc(categories.title), asc(categories.id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const nextCursor = last ? encodeCursor(scope, { key: last.title, id: last.id }) : null;
  return ok({
    body: { items: shown, nextCursor },
    tags: categoryListTags(shown.map(({ id }) => id)),
  });
}

export async function findCategory(
  session: SqlSession,
  handle: string,
): Promise<Page<Category> | undefined> {
  const [row] = await session
    .select(CATEGORY)
    .from(categories)
    .where(eq(categories.handle, handle))
    .limit(1);
  return row && { body: row, tags: categoryPageTags(row.id) };
}
