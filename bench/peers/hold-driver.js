// Calls a SKU's object as the storefront does at checkout, without a checkout around it: a hold of one
// unit per request. `POST /?SKU`.
export default {
  async fetch(request, env) {
    const sku = new URL(request.url).search.slice(1);
    const hold = { holdId: crypto.randomUUID(), quantity: 1, ttlMs: 600_000 };
    const held = await env.SKU_STOCK.getByName(sku).hold(hold);
    return Response.json(held, { status: held.ok ? 201 : 409 });
  },
};
