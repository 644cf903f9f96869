// The load generator's own process: it must not share a thread with the gateways, and its processor
// time is to be told from theirs. Takes jobs over the process channel, one at a time.
import { drive, type Job } from "./drive.ts";
import { type Rush, rush } from "./shop-rush.ts";

export type GeneratorCommand = { drive: Job } | { rush: Rush };

process.on("message", async (command: GeneratorCommand) => {
  try {
    const value = "drive" in command ? await drive(command.drive) : await rush(command.rush);
    process.send?.({ ok: true, value });
  } catch (error) {
    process.send?.({ ok: false, error: String(error) });
  }
});
process.on("disconnect", () => process.exit(0));
