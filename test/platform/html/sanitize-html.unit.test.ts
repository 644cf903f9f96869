import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSafeUrl, sanitizeHtml } from "../../../src/platform/html/sanitize-html.ts";

describe("sanitizeHtml", () => {
  it("keeps what describes a product", () => {
    const html =
      '<h2>Care</h2><p>Wash <strong>cold</strong>, see <a href="/care" title="Care">how</a>.<br>Dry flat.</p><ul><li>One</li></ul>';
    expect(sanitizeHtml(html)).toBe(html);
    expect(sanitizeHtml("Men's 5 < 6 & 7")).toBe("Men's 5 &lt; 6 &amp; 7");
  });

  it.each([
    ["<script>alert(1)</script>ok", "ok"],
    ["<SCRIPT SRC=//x></SCRIPT >ok", "ok"],
    ['<p onclick="x()" style="a:b">ok</p>', "<p>ok</p>"],
    ['<img src="/a.png" onerror="x()">', '<img src="/a.png">'],
    ['<a href="javascript:x()">ok</a>', "<a>ok</a>"],
    ['<a href="java&#x09;script:x()">ok</a>', "<a>ok</a>"],
    ['<a href=" &#106;avascript:x()">ok</a>', "<a>ok</a>"],
    ['<a href="data:text/html,x">ok</a>', "<a>ok</a>"],
    ['<iframe src="//x">a</iframe>ok', "ok"],
    ["<svg><p><style><img src=x onerror=x()></style></svg>ok", "ok"],
    ["<math><mi><script>x</script></mi></math>ok", "ok"],
    ["<!-- <script>x</script> -->ok", "ok"],
    ["<p>open", "<p>open</p>"],
    ["</p></div>ok", "<p></p>ok"],
    ['<p title="</p><script>x</script>">ok</p>', "<p>ok</p>"],
    ["<form action=x><input><b>ok</b></form>", "<b>ok</b>"],
    ["<textarea><b>x</b></textarea>ok", "ok"],
  ])("makes %j harmless", (html, expected) => {
    expect(sanitizeHtml(html)).toBe(expected);
  });

  const markup = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ..."<>/\"'= &;!-",
          "script",
          "svg",
          "style",
          "img",
          "a",
          "p",
          "on",
          "href=",
          "src=",
        ),
        fc.constantFrom(
          "<script>",
          "</script>",
          "<p ",
          "javascript:",
          "<!--",
          "-->",
          "<svg>",
          "&lt;",
        ),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(""));

  it("writes only tags and attributes of its own list, whatever comes in", () => {
    const tag =
      /<\/?[a-z][a-z0-9]*(?: (?:href|src|alt|title|width|height|colspan|rowspan|scope)="[^"<>]*")*>/g;
    fc.assert(
      fc.property(markup, (html) => {
        const clean = sanitizeHtml(html);
        expect(clean.replaceAll(tag, "")).not.toMatch(/[<>]/);
        expect(clean).not.toMatch(/<\/?(?:script|style|svg|iframe|object|form)/i);
        expect(sanitizeHtml(clean)).toBe(clean);
      }),
      { numRuns: 500 },
    );
  });
});

describe("isSafeUrl", () => {
  it("takes web, mail and telephone links and paths of this site alone", () => {
    const safe = [
      "https://a.example/x",
      "http://a.example",
      "/media/x.svg",
      "#top",
      "mailto:a@b.c",
      "tel:1",
    ];
    const unsafe = [
      "javascript:x",
      "JAVASCRIPT:x",
      "//a.example",
      "/\\a.example",
      "\tjavascript:x",
      "file:///x",
      "x.png",
      "https:///x",
      "",
    ];
    expect(safe.filter((url) => !isSafeUrl(url))).toEqual([]);
    expect(unsafe.filter(isSafeUrl)).toEqual([]);
  });
});
