import { Parser } from "htmlparser2";

const TAGS = new Set(
  `a abbr b blockquote br caption cite code dd del div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins
   kbd li mark ol p pre q s small span strong sub sup table tbody td tfoot th thead tr u ul`.split(
    /\s+/,
  ),
);
const VOID_TAGS = new Set(["br", "hr", "img"]);
/** Their text is code or markup of another kind, never prose. */
const DROPPED_WITH_CONTENT = new Set(
  `script style template iframe object embed noscript noembed noframes textarea title xmp plaintext svg math
   select`.split(/\s+/),
);
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ["href", "title"],
  img: ["src", "alt", "width", "height"],
  td: ["colspan", "rowspan"],
  th: ["colspan", "rowspan", "scope"],
  abbr: ["title"],
};
const DEPTH_MAX = 64;

/**
 * Rebuilds HTML that a merchant or an editor wrote from an allow-list: what is written is made here, tag by tag, and all
 * text is escaped, so whatever the input was, no script, style, handler or frame is in the output.
 */
export function sanitizeHtml(html: string): string {
  let out = "";
  let dropping = 0;
  const open: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (dropping > 0 || DROPPED_WITH_CONTENT.has(name)) dropping += 1;
      else if (TAGS.has(name) && (VOID_TAGS.has(name) || open.length < DEPTH_MAX)) {
        out += `<${name}${writeAttributes(name, attributes)}>`;
        if (!VOID_TAGS.has(name)) open.push(name);
      }
    },
    ontext(text) {
      if (dropping === 0) out += escapeText(text);
    },
    onclosetag(name) {
      if (dropping > 0) dropping -= 1;
      else if (open.at(-1) === name) {
        open.pop();
        out += `</${name}>`;
      }
    },
  });
  parser.end(html);
  return (
    out +
    open
      .reverse()
      .map((name) => `</${name}>`)
      .join("")
  ).trim();
}

function writeAttributes(tag: string, attributes: Record<string, string>): string {
  let text = "";
  for (const name of ATTRIBUTES[tag] ?? []) {
    const value = attributes[name];
    if (value === undefined) continue;
    if ((name === "href" || name === "src") && !isSafeUrl(value)) continue;
    text += ` ${name}="${escapeText(value)}"`;
  }
  return text;
}

/** Absolute http(s), mail and telephone links, and paths of this site. No scheme can hide behind blanks. */
export function isSafeUrl(value: string): boolean {
  if (/[\p{Cc}\s\\]/u.test(value)) return false;
  return /^(?:https?:\/\/[^/]|mailto:|tel:|\/(?!\/)|#)/i.test(value);
}

const escapeText = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
