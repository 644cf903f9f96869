// The load generator's own process: it must not share a thread with the gateways, and its processor
// time is to be told from theirs. Takes jobs over the process channel, one at a time.
import { drive, type Job } from "./drive.ts";
import { flashSale, type Sale } from "./flash-sale.ts";
import { type Rush, rush } from "./shop-rush.ts";

export type GeneratorCommand = { drive: Job } | { rush: Rush } | { sale: Sale };

function obey(command: GeneratorCommand): Promise<object> {
  if ("drive" in command) return drive(command.drive);
  return "rush" in command ? rush(command.rush) : flashSale(command.sale);
}

process.on("message", async (command: GeneratorCommand) => {
  try {
    process.send?.({ ok: true, value: await obey(command) });
  } catch (error) {
    process.send?.({ ok: false, error: String(error) });
  }
});
process.on("disconnect", () => process.exit(0));
