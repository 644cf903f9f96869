import type { TestPerson } from "./people.ts";

/** The page of an authorization request: choose who you are. */
export function accountPage(people: readonly TestPerson[], query: URLSearchParams): string {
  const links = people.map(({ sub, name, email, email_verified }) => {
    const chosen = new URLSearchParams([...query, ["login_hint", sub]]);
    const note = email_verified ? "" : " (address not verified)";
    return `<li><a href="/authorize?${escaped(chosen.toString())}">${escaped(`${name}, ${email}`)}</a>${note}</li>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Local issuer</title><link rel="icon" href="data:,">
<body style="font-family:sans-serif;max-width:40em;margin:2em auto"><h1>Who are you?</h1>
<ul>${links.join("\n")}</ul></body></html>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
