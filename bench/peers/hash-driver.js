import { scrypt } from "node:crypto";

// One password hash at a cost, in the runtime, without a sign-in around it: `GET /?logN=14&p=5`.
export default {
  async fetch(request) {
    const asked = new URL(request.url).searchParams;
    const N = 2 ** Number(asked.get("logN"));
    const p = Number(asked.get("p"));
    const options = { N, r: 8, p, maxmem: 256 * 8 * N };
    await new Promise((resolve, reject) =>
      scrypt("a password", "sixteen bytes...", 32, options, (error) =>
        error ? reject(error) : resolve(undefined),
      ),
    );
    return new Response("hashed");
  },
};
