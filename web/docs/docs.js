// biome-ignore lint/correctness/noUndeclaredVariables: the bundle before this script defines it.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, tryItOutEnabled: true });
