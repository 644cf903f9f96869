import type { Io } from "../platform/io/io.ts";
import type { PageSource, Rendered } from "../platform/pages/index.ts";
import type { SqlSession } from "../platform/sql/session.ts";

/** A page as the cache takes it: the body, and what has to happen for it to be another. */
export type Page<T> = Rendered<T>;

/** The truth costs the primary a read: it is asked only where a replica may not have heard yet. */
export const sessionFor = (io: Pick<Io, "sql" | "replica">, source: PageSource): SqlSession =>
  source === "primary" ? io.sql : io.replica;

/** The same page with another body. */
export const withBody = <T, U>({ body, ...page }: Page<T>, to: (body: T) => U): Page<U> => ({
  ...page,
  body: to(body),
});
