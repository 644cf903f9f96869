/** Minute, hour, day of month, month, day of week, each with its inclusive range. */
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const;

/**
 * Whether a cron expression names the minute of `at`, in UTC. As on Cloudflare, Sunday is day 1.
 * Knows `*`, numbers, lists, ranges and steps. Throws on anything else.
 */
export function cronMatches(expression: string, at: Date): boolean {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) throw new Error(`not a cron expression: ${expression}`);
  const now = [
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCDay() + 1,
  ];
  return fields.every((field, index) => {
    const [least, most] = FIELDS[index] ?? [0, 0];
    return field.split(",").some((part) => partMatches(part, now[index] ?? 0, least, most));
  });
}

function partMatches(part: string, value: number, least: number, most: number): boolean {
  const groups = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
  if (!groups) throw new Error(`not part of a cron expression: ${part}`);
  const [, first, last, step] = groups;
  const from = first ? Number(first) : least;
  // A lone number is itself; with a step it is where the steps begin.
  const to = last ? Number(last) : first && !step ? from : most;
  return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0;
}

type LocalWorker = { name: string; triggers?: { crons?: string[] } };
type Explorer<T> = { success: boolean; result: T };

const CALL_TIMEOUT_MS = 60_000;

/** Every cron of every Worker that the development server runs. */
export async function listCrons(apiUrl: string): Promise<{ worker: string; cron: string }[]> {
  const workers = await explorer<LocalWorker[]>(apiUrl, "workers");
  return workers.flatMap(({ name, triggers }) =>
    (triggers?.crons ?? []).map((cron) => ({ worker: name, cron })),
  );
}

/** Runs one Worker's scheduled handler and waits for it; throws unless its outcome is "ok". */
export async function fireCron(apiUrl: string, worker: string, cron: string): Promise<void> {
  const path = `scheduled?worker=${encodeURIComponent(worker)}`;
  const { outcome } = await explorer<{ outcome: string }>(apiUrl, path, { cron });
  if (outcome !== "ok") throw new Error(`the cron ${cron} of ${worker} ended with ${outcome}`);
}

/** The development server's own API. `/cdn-cgi/local/scheduled` would reach the first Worker only. */
async function explorer<T>(apiUrl: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${apiUrl}/cdn-cgi/local/explorer/api/local/${path}`, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const { success, result } = (await response.json()) as Explorer<T>;
  if (!response.ok || !success) throw new Error(`${path} answered ${response.status}`);
  return result;
}

/**
 * Local crons never fire by themselves, so this asks for each at its minute. A failure is reported
 * and forgotten: the next minute tries again, as the platform would.
 */
export function startCrons(apiUrl: string, report: (error: unknown) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const fireDue = async (at: Date) => {
    const due = (await listCrons(apiUrl)).filter(({ cron }) => cronMatches(cron, at));
    for (const { worker, cron } of due) {
      if (!stopped) await fireCron(apiUrl, worker, cron).catch(report);
    }
  };
  const arm = () => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        fireDue(new Date())
          .catch((error: unknown) => stopped || report(error))
          .finally(arm);
      },
      60_000 - (Date.now() % 60_000),
    );
  };
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
