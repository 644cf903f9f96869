import type { Message } from "./messages.ts";

/** A page to read mail with: the list on the left, the chosen message (else the newest) beside it. */
export function messagePage(newestFirst: readonly Message[], id: string | null): string {
  const chosen = newestFirst.find((message) => message.id === id) ?? newestFirst[0];
  const items = newestFirst.map((message) => listItem(message, message === chosen)).join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Messages</title>
<style>
  body { font: 15px/1.45 system-ui, sans-serif; margin: 0; display: grid; color: #1c1c1e;
    grid-template-columns: minmax(16rem, 26rem) 1fr; height: 100vh; }
  nav { overflow: auto; border-right: 1px solid #d5d5da; background: #f6f6f8; }
  nav a { display: block; padding: .7rem 1rem; color: inherit; text-decoration: none;
    border-bottom: 1px solid #e4e4e8; }
  nav a[aria-current] { background: #fff; box-shadow: inset 3px 0 #2457c5; }
  small { color: #5f5f66; display: block; overflow-wrap: anywhere; }
  main { padding: 1rem 1.5rem; overflow: auto; }
  h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
  iframe { width: 100%; height: 70vh; border: 1px solid #d5d5da; margin-top: 1rem; }
  pre { white-space: pre-wrap; }
</style>
<nav>${items || "<p style='padding:1rem'>No message has been sent yet.</p>"}</nav>
<main>${chosen ? reading(chosen) : ""}</main>
</html>`;
}

function listItem({ id, to, subject, text, at, calls }: Message, current: boolean): string {
  const title = subject ?? text?.slice(0, 60) ?? "";
  const repeated = calls > 1 ? ` · handed in ${calls} times` : "";
  const mark = current ? ' aria-current="true"' : "";
  return `<a href="/?id=${id}"${mark}>${escapeHtml(title)}<small>${escapeHtml(to)} · ${at}${repeated}</small></a>`;
}

function reading({ subject, from, to, at, tags, html, text, channel }: Message): string {
  const labels = tags.map(({ name, value }) => `${name}: ${value}`).join(", ");
  // A mail is a stranger's markup: the empty sandbox runs no script and submits no form.
  const body = html
    ? `<iframe sandbox="" title="The message" srcdoc="${escapeHtml(html)}"></iframe>`
    : "";
  const plain = text ? `<details ${html ? "" : "open"}><summary>Text</summary>` : "";
  return `<h1>${escapeHtml(subject ?? channel)}</h1>
<small>${escapeHtml(from)} → ${escapeHtml(to)} · ${at}</small><small>${escapeHtml(labels)}</small>
${body}${plain && `${plain}<pre>${escapeHtml(text ?? "")}</pre></details>`}`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
