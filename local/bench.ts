import { bench } from "../bench/run.ts";
import { ensureEngines, ProgramsMissing } from "./engines/install.ts";

try {
  await ensureEngines(console.log);
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof ProgramsMissing ? error.message : error);
  process.exitCode = 1;
}
// The channel to the command that started this would keep it running.
if (process.connected) process.disconnect();
