// The first thing that runs in a fresh clone, on whatever Node the machine has: plain JavaScript,
// nothing but Node's own modules. It installs the npm packages, then hands over to the Node that
// is one of them.
import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const COMMANDS = ["start", "test", "migrate", "import", "generate", "bench", "ops"];
const INSTALL_WAIT_MS = 600_000;
const HEARTBEAT_MS = 5_000;
/** No process has this number: none is above 2^22. */
const NOBODY = 2 ** 30;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE = join(ROOT, "node_modules/node/bin/node");

const [command = "", ...args] = process.argv.slice(2);
const major = Number(process.versions.node.split(".")[0]);
if (major < NODE_MAJOR_MIN) {
  fail(
    `Node ${NODE_MAJOR_MIN} or newer is needed to install the project; this is ${process.version}.`,
  );
}
if (!COMMANDS.includes(command)) {
  fail(`Usage: node local/bootstrap.mjs ${COMMANDS.join("|")} [arguments]`, 2);
}
await installPackages();
handOver();

/** Two commands may be started at once in a fresh clone: one installs, the other waits. */
async function installPackages() {
  if (packagesAreInstalled()) return;
  const lock = join(ROOT, ".local", "install.lock");
  mkdirSync(dirname(lock), { recursive: true });
  await takeLock(lock);
  let problem;
  try {
    if (!packagesAreInstalled()) problem = await runNpmCi();
  } finally {
    rmSync(lock, { force: true });
  }
  if (problem) fail(problem);
}

/**
 * npm keeps a list of what it has installed, written last. Comparing it with the lock file also
 * notices an install that was cut off and a branch whose packages differ.
 */
function packagesAreInstalled() {
  const wanted = readPackages(join(ROOT, "package-lock.json"));
  if (!wanted) fail("package-lock.json is missing or cannot be read; restore it with git.");
  const present = readPackages(join(ROOT, "node_modules/.package-lock.json"));
  if (!present || !existsSync(NODE)) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    // An optional package is for another kind of machine when npm has left it out.
    return present[path] ? present[path].version === version : optional === true;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined; // Missing, or cut off.
  }
}

/** Answers what went wrong, in words for the user; undefined when nothing did. */
async function runNpmCi() {
  console.log("Installing npm packages (once, about 20 s) …");
  const startedAtMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedAtMs) / 1000);
  const heartbeat = setInterval(() => console.log(`  … ${seconds()} s`), HEARTBEAT_MS);
  const reason = await npmCi();
  clearInterval(heartbeat);
  if (reason) {
    return `npm ci did not succeed (${reason}). The packages of package-lock.json are needed once, from the npm registry;\ncheck the messages above and the network, then run the same command again.`;
  }
  if (!existsSync(NODE)) {
    return "npm ci left out the project's own Node (node_modules/node/bin/node). Its install script must be allowed to run:\n\n  npm ci --ignore-scripts=false";
  }
  console.log(`Packages installed in ${seconds()} s.`);
  return undefined;
}

/** Answers why it failed; undefined when it did not. */
function npmCi() {
  // Warnings are about the system's Node, which only installs: the project brings its own.
  const flags = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  // Under npm, its own variables would tell the inner one which command and workspace it is.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(command|lifecycle|package)/.test(name)),
  );
  const npm = spawn("npm", flags, { cwd: ROOT, stdio: "inherit", env });
  const forward = (signal) => npm.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  return new Promise((resolve) => {
    npm.once("error", (error) => resolve(error.message));
    npm.once("exit", (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`));
    });
  });
}

async function takeLock(lock) {
  let told = false;
  for (const deadline = Date.now() + INSTALL_WAIT_MS; ; ) {
    if (makeLock(lock)) return;
    if (removeIfLeftBehind(lock)) continue;
    if (Date.now() > deadline)
      fail(`Another command has been installing packages for too long; see ${lock}.`);
    if (!told) console.log("Another command is installing the npm packages; waiting for it …");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Whole or not at all: a lock that is read before it says whose it is would be taken for a dead one's. */
function makeLock(lock) {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moved aside first: of several who find it one has it, and whoever got a living one's puts it back. */
function removeIfLeftBehind(lock) {
  if (isRunning(lock)) return false;
  const aside = `${lock}.${process.pid}.dead`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return true;
  }
  if (isRunning(aside)) renameSync(aside, lock);
  else rmSync(aside, { force: true });
  return true;
}

function isRunning(lock) {
  try {
    process.kill(Number(readFileSync(lock, "utf8")) || NOBODY, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The child gets every signal; it also sees the channel close should we be killed outright. */
function handOver() {
  const entry = join(ROOT, "local", `${command}.ts`);
  if (!existsSync(entry)) fail(`local/${command}.ts does not exist in this checkout.`);
  const child = spawn(NODE, ["--disable-warning=ExperimentalWarning", entry, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}` },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) onOrphaned(() => child.kill("SIGTERM"));
  child.once("error", (error) => fail(`The project's Node cannot be run: ${error.message}`));
  child.once("exit", (code, signal) => {
    process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
  });
}

/** npm passes on SIGINT and SIGTERM only: should it end in another way, nobody is left to tell us. */
function onOrphaned(act) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    act();
  }, 1_000);
  watch.unref();
}

function fail(message, code = 1) {
  console.error(`\n${message}\n`);
  process.exit(code);
}
