import { readFileSync } from "node:fs";
import {
  type AuthKeysText,
  freshAuthKeys,
  withNewSeal,
  withNextKey,
  withNextKeySigning,
} from "./auth-keys/rotate.ts";

const USAGE = `Usage: npm run -s auth-keys -- new NAME
       npm run -s auth-keys -- add NAME    < the value of AUTH_KEYS
       npm run -s auth-keys -- sign        < the value of AUTH_KEYS
       npm run -s auth-keys -- seal NAME   < the value of AUTH_KEYS

Prints the next value of the secret AUTH_KEYS; stores nothing and asks nobody.

  new   a first value
  add   adds a key for access tokens that is published, but does not sign yet
  sign  ten minutes after \`add\` was deployed: the added key signs, the one before ends in half an hour
  seal  adds a seal for refresh tokens, mailed links and passwords in front of the others

NAME: letters, digits, such as 2026q4.`;

const NAME = /^[a-z0-9]{1,16}$/;

function main([command, name = ""]: readonly string[]): number {
  if (command !== "sign" && !NAME.test(name)) {
    console.error(USAGE);
    return 2;
  }
  const current = () => JSON.parse(readFileSync(0, "utf8")) as AuthKeysText;
  switch (command) {
    case "new":
      return print(freshAuthKeys(name));
    case "add":
      return print(withNextKey(current(), name));
    case "sign":
      return print(withNextKeySigning(current(), Date.now()));
    case "seal":
      return print(withNewSeal(current(), name));
    default:
      console.error(USAGE);
      return 2;
  }
}

function print(keys: AuthKeysText): number {
  console.log(JSON.stringify(keys));
  return 0;
}

process.exitCode = main(process.argv.slice(2));
