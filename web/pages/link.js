import { ask, isWeather, say, sayProblem, takeToken } from "./page.js";

/** A page that does one thing at once: what its mail's link is for. */
export function followLink(path, { done, refused }) {
  const token = takeToken();
  if (token === null) return say("Open this page by the link in your mail.", "bad");
  const follow = async () => {
    const { answer, problem } = await ask(path, { method: "POST", body: { token } });
    if (!problem) say(done(answer));
    else if (isWeather(problem)) sayProblem(problem, follow);
    else say(refused, "bad");
  };
  return follow();
}
