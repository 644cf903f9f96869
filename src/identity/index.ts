export { authenticate, requireShopper } from "./authenticate.ts";
export { findUser, signInMeans } from "./describe-user.ts";
export { eraseUser } from "./erase-user.ts";
export { forgetExpired } from "./forget-expired.ts";
export {
  type AccountMail,
  type AccountTemplate,
  composeMail,
  mailIsDone,
} from "./mails/compose-mail.ts";
export { ACCOUNT_MAIL_DUE, AccountMailDue } from "./mails/mail-events.ts";
export { sweepMails } from "./mails/request-mail.ts";
export { listSessions, openAmong } from "./sessions/list-sessions.ts";
export { restoreRevocations } from "./sessions/restore-revocations.ts";
export { sweepRevocations } from "./sessions/tell-revocations.ts";
export { requireRecent } from "./step-up/require-recent.ts";
export { cachedUser, holdUser } from "./user-cache.ts";
