import { CannotLoad, chooseTarget, type Target } from "./catalog/target.ts";
import { BadUsage, HelpWanted, type Invocation, readCommand } from "./ops/read-command.ts";
import { runCommand } from "./ops/run-command.ts";

async function main(args: readonly string[]): Promise<number> {
  const invocation = readCommand(args, process.env);
  const { answer, text, exitCode } = await runCommand(invocation.command, targetOf(invocation));
  console.log(invocation.json ? JSON.stringify(answer, null, 2) : text);
  return exitCode;
}

/** Health asks for no key; everything else was refused without one. */
const targetOf = ({ url, key }: Invocation): Target =>
  url !== undefined && key === undefined
    ? { url: url.replace(/\/+$/, ""), key: "" }
    : chooseTarget({ url, key });

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof HelpWanted) console.log(error.message);
  else if (error instanceof BadUsage) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    console.error(error instanceof CannotLoad ? error.message : error);
    process.exitCode = 1;
  }
}
