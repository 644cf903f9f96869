import { HelperProcess } from "../shop/helper-process.ts";
import type { Job, Run } from "./drive.ts";
import type { Sale, SaleRun } from "./flash-sale.ts";
import type { GeneratorCommand } from "./generator-process.ts";
import type { Rush, RushRun } from "./shop-rush.ts";

/** Drives load from a process of its own, bound to a core if asked. */
export class Generator {
  readonly #helper: HelperProcess<GeneratorCommand, Run | RushRun | SaleRun>;

  constructor(core: number | undefined) {
    this.#helper = new HelperProcess(
      new URL("./generator-process.ts", import.meta.url),
      core === undefined ? {} : { core },
    );
  }

  /** @throws when a connection breaks, or any answer has another status than the expected one. */
  async drive(job: Job, expectedStatus = 200): Promise<Run> {
    const run = (await this.#helper.ask({ drive: job })) as Run;
    if (run.statuses[expectedStatus] !== run.requests) {
      throw new Error(`${job.url} answered ${JSON.stringify(run.statuses)}`);
    }
    return run;
  }

  /** @throws when anything is refused. */
  async rush(job: Rush): Promise<RushRun> {
    return (await this.#helper.ask({ rush: job })) as RushRun;
  }

  /** @throws when a view or a write is refused. */
  async flashSale(job: Sale): Promise<SaleRun> {
    return (await this.#helper.ask({ sale: job })) as SaleRun;
  }

  stop(): Promise<void> {
    return this.#helper.stop();
  }
}
