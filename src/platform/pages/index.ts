export { type HotOptions, hotPage } from "./hot-page.ts";
export { countPages, type PageStatistics, pageStatistics } from "./isolate-pages.ts";
export { pageDigest, pageTag } from "./page-key.ts";
export { pageKeyOf } from "./page-probe.ts";
export { type JsonAnswer, type PublicPage, publicPage } from "./public-page.ts";
export type { PageSource, Rendered } from "./render-page.ts";
