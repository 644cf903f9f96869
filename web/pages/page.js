const status = document.getElementById("status");

/** Says how it stands; assistive technology reads it out. */
export function say(text, tone = "plain") {
  status.textContent = text;
  status.dataset.tone = tone;
}

/**
 * The token of a mail's link. It stands in the fragment, which no server sees, and leaves the address
 * bar at once, so that it is in no bookmark and no screenshot.
 */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname);
  return token;
}

/** Asks the API. `problem` is what it says when it refuses, or when nobody can be reached. */
export async function ask(path, { method = "GET", headers = {}, body } = {}) {
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
    });
    const answer = await response.json();
    return response.ok ? { answer } : { problem: { status: response.status, ...answer } };
  } catch {
    return { problem: { status: 0, title: "The shop cannot be reached. Please try again." } };
  }
}

/** Runs what a form does, one at a time: its button rests meanwhile. */
export function onSubmit(act, id = "form") {
  const form = document.getElementById(id);
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const isDone = await act(new FormData(form));
    button.disabled = false;
    form.hidden = isDone;
  });
}
