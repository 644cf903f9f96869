// Calls a SKU's object as the storefront does at checkout, without a checkout around it: a hold of one
// unit per request. `POST /?SKU`, or `POST /?SKU&shards=8` for one that is split: any shard then, as the
// hash of a hold's id would choose.
export default {
  async fetch(request, env) {
    const [sku, query] = new URL(request.url).search.slice(1).split("&");
    const shards = Number(new URLSearchParams(query).get("shards"));
    const startedAtMs = Date.now();
    const hold = { holdId: crypto.randomUUID(), quantity: 1, ttlMs: 600_000, startedAtMs };
    const keeper = shards
      ? env.SKU_SHARD.getByName(`${sku} ${shards}.${Math.floor(Math.random() * shards)}`)
      : env.SKU_STOCK.getByName(sku);
    const held = await keeper.hold(hold);
    return Response.json(held, { status: held.ok ? 201 : 409 });
  },
};
