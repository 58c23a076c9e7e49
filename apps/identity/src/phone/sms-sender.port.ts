export interface TextMessage {
  /** The same for each attempt: a sender can ignore a repeated message. */
  id: string;
  /** E.164 */
  to: string;
  text: string;
}

/** Sends text messages. The provider is null without one: development shows the messages in its inbox. */
export abstract class SmsSender {
  /** Throws if the message was not accepted. */
  abstract send(message: TextMessage): Promise<void>;
}
