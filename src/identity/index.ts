export { authenticate, requireShopper } from "./authenticate.ts";
export { forgetExpired } from "./forget-expired.ts";
export {
  type AccountMail,
  type AccountTemplate,
  composeMail,
  mailIsDone,
} from "./mails/compose-mail.ts";
export { ACCOUNT_MAIL_DUE, AccountMailDue } from "./mails/mail-events.ts";
export { sweepMails } from "./mails/request-mail.ts";
export { sweepRevocations } from "./sessions/tell-revocations.ts";
