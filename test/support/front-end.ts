import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { join, resolve, sep } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** All of the repository that a front end's browser may load: its scripts, the client, what that is built on. */
const SERVED = ["test/web/front-end", "src/client.ts", "src/client", "node_modules/hono/dist"].map(
  (path) => join(ROOT, path),
);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>A front end</title>
    <link rel="icon" href="data:," />
    <script type="importmap">
      { "imports": { "hono/client": "/node_modules/hono/dist/client/index.js" } }
    </script>
  </head>
  <body><main><h1>A front end</h1></main></body>
</html>`;

export type FrontEnd = { readonly port: number; stop(): Promise<void> };

/**
 * A front end on an origin of its own: one page that may import the typed client as it stands in the
 * repository. Tests press its buttons: the functions of `test/web/front-end`.
 */
export function startFrontEnd(): Promise<FrontEnd> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://front-end");
    if (pathname === "/") {
      response.setHeader("Content-Type", "text/html").end(PAGE);
      return;
    }
    const script = scriptAt(pathname);
    if (script === undefined) response.writeHead(404).end();
    else response.setHeader("Content-Type", "text/javascript").end(script);
  });
  return new Promise((started, failed) => {
    server.once("error", failed);
    // `localhost` and 127.0.0.1 are two origins of one front end.
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      const stop = () =>
        new Promise<void>((stopped) => {
          server.close(() => stopped());
          server.closeAllConnections();
        });
      started({ port, stop });
    });
  });
}

function scriptAt(pathname: string): string | undefined {
  const file = resolve(ROOT, `.${pathname}`);
  if (!SERVED.some((allowed) => file === allowed || file.startsWith(allowed + sep))) {
    return undefined;
  }
  try {
    const text = readFileSync(file, "utf8");
    return file.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
  } catch {
    return undefined;
  }
}
