/** One message to one person, ready to be sent. */
export type Mail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** For finding it at the provider: which order, which template. */
  tags: readonly { name: string; value: string }[];
};

/** `refused`: the provider will never take this mail, so repeating it is no use. */
export type MailOutcome = { kind: "sent"; messageId: string } | { kind: "refused"; reason: string };

/** A mail provider. Repeating a `key` sends nothing again. Throws `DependencyDown` when it cannot say. */
export type MailProvider = {
  send(mail: Mail, key: string): Promise<MailOutcome>;
};
