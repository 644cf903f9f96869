import type { AccountMail, AccountTemplate } from "../identity/index.ts";
import { html } from "./markup.ts";
import type { Mail } from "./model.ts";

type Words = { subject: string; opening: string; link: string; closing: string };

const WORDS: Readonly<Record<AccountTemplate, Words>> = {
  "verify-email": {
    subject: "Confirm your e-mail address",
    opening:
      "Welcome. One step is left: confirm that this address is yours, and your account is ready.",
    link: "Confirm my address",
    closing:
      "The link works once, for a day. If you did not ask for an account, do nothing: there will be none.",
  },
  "already-registered": {
    subject: "You already have an account",
    opening:
      "Somebody tried to register with your address. You have an account already, and nothing about it was changed: sign in with this address as before.",
    link: "Set a new password, if you have forgotten yours",
    closing: "If it was not you, there is nothing to do.",
  },
  "reset-password": {
    subject: "Set a new password",
    opening: "Somebody asked for a new password for your account.",
    link: "Set a new password",
    closing:
      "The link works once, for an hour. If it was not you, do nothing: your password stays as it is.",
  },
  "confirm-new-email": {
    subject: "Confirm your new e-mail address",
    opening: "This is to become the address of your account, once you confirm that it is yours.",
    link: "Confirm my new address",
    closing:
      "The link works once, for an hour. If you did not ask for this, do nothing: nothing will change.",
  },
  "email-changed": {
    subject: "The address of your account was changed",
    opening:
      "Your account has another e-mail address now. Messages go there from now on, and this address no longer belongs to it.",
    link: "It was not me",
    closing: "If it was you, there is nothing to do.",
  },
  "password-changed": {
    subject: "Your password was changed",
    opening: "The password of your account was changed, and every other device was signed out.",
    link: "It was not me",
    closing: "If it was you, there is nothing to do.",
  },
  "sign-in-changed": {
    subject: "How you sign in was changed",
    opening:
      "A second factor, a passkey or a linked account was added to your account or removed from it, and every other device was signed out.",
    link: "It was not me",
    closing: "If it was you, there is nothing to do.",
  },
};

/** What a shopper is told about their account, as text and as HTML. */
export function accountMail({ template, to, link }: AccountMail): Mail {
  const words = WORDS[template];
  const text = ["Hello,", words.opening, `${words.link}:\n${link}`, words.closing].join("\n\n");
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${words.subject}</title></head>
<body style="font-family:sans-serif;max-width:40em;margin:auto">
<p>Hello,</p>
<p>${words.opening}</p>
<p><a href="${link}">${words.link}</a></p>
<p>${words.closing}</p>
</body></html>`;
  const tags = [{ name: "template", value: template }];
  return { to, subject: words.subject, text: `${text}\n`, html: page.text, tags };
}
