/** One mail to one person, ready to be sent. */
export type Mail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** For finding it at the provider: which order, which template. */
  tags: readonly Tag[];
};

/** One short message to one phone. */
export type Sms = { to: string; text: string; tags: readonly Tag[] };

type Tag = { name: string; value: string };

/** `refused`: the provider will never take this message, so repeating it is no use. */
export type SendOutcome = { kind: "sent"; messageId: string } | { kind: "refused"; reason: string };

/** A provider. Repeating a `key` sends nothing again. Throws `DependencyDown` when it cannot say. */
export type MessageProvider<M> = { send(message: M, key: string): Promise<SendOutcome> };
export type MailProvider = MessageProvider<Mail>;
export type SmsProvider = MessageProvider<Sms>;

/** What a person is reached by. A channel is used where its address is known. */
export type ChannelName = "email" | "sms";
