import { orderText } from "./order-text.js";
import { ask, say, sayProblem, takeToken } from "./page.js";

/** Everything that came from elsewhere is set as text: nothing of it can become markup. */
function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function table(caption, rows) {
  const body = rows.map(([left, right]) => {
    const head = element("th", left);
    head.scope = "row";
    return element("tr", undefined, head, element("td", right));
  });
  return element(
    "table",
    undefined,
    element("caption", caption),
    element("tbody", undefined, ...body),
  );
}

/** A link only to where a browser may safely go. */
function parcel({ text, url }) {
  if (!url?.startsWith("https://")) return element("li", text);
  const link = element("a", text);
  link.href = url;
  // This page shows nothing any more to who comes back to it.
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return element("li", undefined, link);
}

function shipment({ heading, from, units, parcels }) {
  return element(
    "section",
    undefined,
    element("h2", heading),
    ...(from === undefined ? [] : [element("p", `From ${from}`)]),
    element("ul", undefined, ...units.map((unit) => element("li", unit))),
    ...(parcels.length === 0 ? [] : [element("ul", undefined, ...parcels.map(parcel))]),
  );
}

async function show(token) {
  const id = location.pathname.split("/").at(-1) ?? "";
  const path = `/order/${encodeURIComponent(id)}`;
  const { answer, problem } = await ask(path, { headers: { "Order-Token": token } });
  if (problem?.status === 404) {
    return say("There is no such order, or the link is not whole.", "bad");
  }
  if (problem) return sayProblem(problem, () => show(token));
  const page = orderText(answer, navigator.language);
  document.title = page.heading;
  document.querySelector("h1").textContent = page.heading;
  say(page.status);
  const place = document.getElementById("order");
  place.append(
    table("What you bought", page.lines),
    table("What it cost", page.sums),
    ...page.shipments.map(shipment),
    ...(page.refunds.length === 0 ? [] : [table("Refunds", page.refunds)]),
  );
  place.hidden = false;
}

const token = takeToken();
if (token === null) say("Open this page by the link in your mail.", "bad");
else show(token);
