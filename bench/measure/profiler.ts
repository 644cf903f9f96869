type Node = {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
};
export type CpuProfile = {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
  startTime: number;
  endTime: number;
};

const INTERVAL_MICROS = 200;

/** A CPU profiler attached to one isolate of the runtime, over its inspector. */
export class Profiler {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: { result?: unknown; error?: unknown }) => void>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as {
        id?: number;
        result?: unknown;
        error?: unknown;
      };
      if (message.id === undefined) return;
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  /** `worker` is a Worker's name. */
  static async attach(inspectorUrl: string, worker: string): Promise<Profiler> {
    const socket = new WebSocket(String(new URL(`/core:user:${worker}`, inspectorUrl)));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return new Profiler(socket);
  }

  async start(): Promise<void> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: INTERVAL_MICROS });
    await this.#ask("Profiler.start");
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.#ask("Profiler.stop")) as { profile: CpuProfile };
    this.#socket.close();
    return profile;
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(JSON.stringify(error))) : resolve(result),
      );
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

export type SelfTime = { where: string; share: number };

/** Which functions themselves took how much of the time that was not idle, the costliest first. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      functionName.startsWith("(")
        ? functionName
        : `${functionName || "anonymous"}:${lineNumber + 1}`,
    ]),
  );
  const micros = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, at) => {
    const name = names.get(id) ?? "?";
    if (name === "(idle)") return;
    busy += timeDeltas[at]!;
    micros.set(name, (micros.get(name) ?? 0) + timeDeltas[at]!);
  });
  return [...micros]
    .map(([where, time]) => ({ where, share: time / busy }))
    .sort((a, b) => b.share - a.share);
}
