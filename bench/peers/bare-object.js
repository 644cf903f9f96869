// What carts and stock are compared with: one call to an object that writes one row, and nothing else.
import { DurableObject } from "cloudflare:workers";

export class BareObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS line (id TEXT PRIMARY KEY, quantity INTEGER)");
  }

  write(id) {
    this.ctx.storage.sql.exec("INSERT INTO line VALUES (?, 1)", id);
    return { id, quantity: 1 };
  }
}

export default {
  /** `POST /` writes to a new object each time; `POST /?name` to the one of that name. */
  async fetch(request, env) {
    const id = crypto.randomUUID();
    const name = new URL(request.url).search || id;
    return Response.json(await env.OBJECT.getByName(name).write(id), { status: 201 });
  },
};
