// What the storefront is compared with: a Worker that has nothing to do but to answer with what it
// already holds, in the forms that the runtime takes fastest: text, and headers made once. `PUT` gives it
// a page; `GET` of the same path and query answers it.
const pages = new Map();

export default {
  async fetch(request) {
    const { url } = request;
    if (request.method === "PUT") {
      const { headers, body } = await request.json();
      pages.set(url, { body, init: { headers: new Headers(headers) } });
      return new Response(null, { status: 204 });
    }
    const page = pages.get(url);
    return page ? new Response(page.body, page.init) : new Response(null, { status: 404 });
  },
};
