import { PublishRefused } from './nats.failures.ts';

/** JetStream did not store a group of messages to its end. */
export class GroupRefused extends PublishRefused {
  constructor(
    subject: string,
    reason: string,
    /** One of the messages will be refused again, however often the group is published. */
    readonly isPermanent: boolean,
  ) {
    super(subject, reason);
  }
}
