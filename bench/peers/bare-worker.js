// What the storefront is compared with: a Worker that has nothing to do but to answer with bytes it
// already holds. `PUT` gives it a page; `GET` of the same path and query answers it.
const pages = new Map();

export default {
  async fetch(request) {
    const { url } = request;
    if (request.method === "PUT") {
      const { headers, body } = await request.json();
      pages.set(url, { headers, body: new TextEncoder().encode(body) });
      return new Response(null, { status: 204 });
    }
    const page = pages.get(url);
    return page
      ? new Response(page.body, { headers: page.headers })
      : new Response(null, { status: 404 });
  },
};
