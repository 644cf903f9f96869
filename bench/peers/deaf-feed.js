// An edge feed that nobody can reach. A storefront that is bound to it may trust nothing it has stored,
// so it renders every page: the product with its cache off, by its own rules and with no switch in it.
import { DurableObject } from "cloudflare:workers";

export class DeafFeedObject extends DurableObject {
  since() {
    throw new Error("this feed is out of reach, as the bench wants it");
  }
}

export default { fetch: () => new Response(null, { status: 404 }) };
