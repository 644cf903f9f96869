const SLOW_MS = 4_000;
const GIVE_UP_MS = 30_000;

const status = document.getElementById("status");
// Where the focus goes when what had it is gone.
status.tabIndex = -1;

/** Says how it stands; assistive technology reads it out. */
export function say(text, tone = "plain") {
  status.textContent = text;
  status.dataset.tone = tone;
}

/** Nobody was reached, or nobody who could answer: it is no word about a link or a password. */
export const isWeather = ({ status }) => status === 0 || status === 429 || status >= 500;

/** Says what went wrong, and where trying again may help, offers it. */
export function sayProblem(problem, again) {
  const { status: code } = problem;
  if (code === 0) say("The shop cannot be reached. Check your connection, and try again.", "bad");
  else if (code === 429) say("That was too often. Wait a minute, and try again.", "bad");
  else if (code >= 500) say("The shop cannot answer right now. Try again in a moment.", "bad");
  else say(problem.title, "bad");
  if (again && isWeather(problem)) status.after(againButton(again));
}

function againButton(again) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Try again";
  button.addEventListener("click", () => {
    button.remove();
    say("One moment…");
    status.focus();
    again();
  });
  return button;
}

/**
 * The token of a mail's link. It stands in the fragment, which no server sees, and leaves the address
 * bar at once, so that it is in no bookmark and no screenshot.
 */
export function takeToken() {
  // Another link to this page, opened in its tab, differs in the fragment only: that loads nothing.
  addEventListener("hashchange", () => location.reload());
  // A browser keeps pages as they were for whoever goes back: what a link opened is not for them.
  addEventListener("pagehide", () => {
    document.querySelector("main").hidden = true;
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname);
  return token;
}

/** Asks the API. `problem` is what it says when it refuses; its status is 0 when nobody was reached. */
export async function ask(path, { method = "GET", headers = {}, body } = {}) {
  const slow = setTimeout(() => say("This takes longer than usual. One moment…"), SLOW_MS);
  try {
    const response = await fetch(`/api/v2${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined
          ? {}
          : { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    const answer = await response.json();
    return response.ok ? { answer } : { problem: { ...answer, status: response.status } };
  } catch {
    return { problem: { status: 0, title: "The shop cannot be reached. Please try again." } };
  } finally {
    clearTimeout(slow);
  }
}

/** Says what is wrong with a field, and leads there. */
export function sayWrong(name, text) {
  say(text, "bad");
  const field = document.getElementById(name);
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/**
 * Forms are hidden until somebody listens: one that is sent before that would go nowhere, and put what was
 * typed into the address bar.
 */
export function show(id) {
  document.getElementById(id).hidden = false;
}

/** Runs what a form does, one at a time. What it answers is whether the form is done with. */
export function onSubmit(act, id = "form") {
  const form = document.getElementById(id);
  const button = form.querySelector("button");
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    // Not `disabled`: that would take the focus away from whoever has just pressed it.
    button.setAttribute("aria-disabled", "true");
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
    }
    try {
      form.hidden = await act(new FormData(form));
    } finally {
      isBusy = false;
      button.removeAttribute("aria-disabled");
    }
    if (form.hidden) status.focus();
  });
}
