export { hotPage } from "./hot-page.ts";
export { countPages, pageStatistics } from "./isolate-pages.ts";
export { pageDigest, pageTag } from "./page-key.ts";
export { pageKeyOf } from "./page-probe.ts";
export { publicPage } from "./public-page.ts";
export type { PageSource, Rendered } from "./render-page.ts";
