// Copies the parts of swagger-ui that `/docs` loads beside the page, so that no CDN is needed.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const vendor = join(root, "web/docs/vendor");
mkdirSync(vendor, { recursive: true });
for (const name of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  copyFileSync(join(root, "node_modules/swagger-ui-dist", name), join(vendor, name));
}
