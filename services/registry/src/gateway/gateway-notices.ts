import type { GatewayNotice, GatewayView, TopicPermission } from '@gatehouse/contracts';
import { checksClients, staples } from './gateway-rules.ts';

interface Settings extends Pick<GatewayView, 'authentication' | 'ocsp' | 'topicSpace'> {
  readonly permissions: readonly TopicPermission[];
}

/** What a reader of a gateway's settings would not expect: what is kept and not done yet, what shuts everyone out. */
export function noticesOf({ authentication, ocsp, topicSpace, permissions }: Settings): GatewayNotice[] {
  const notices: GatewayNotice[] = [];
  const tell = (code: string, message: string): void => void notices.push({ code, message });
  if (checksClients(ocsp)) {
    tell('client-ocsp-not-checked', 'this version does not ask for the status of client certificates yet');
  }
  if (staples(ocsp)) {
    tell(
      'ocsp-stapling-not-served',
      'this version does not staple OCSP responses yet: handshakes go on without one',
    );
  }
  if (topicSpace === 'shared') {
    tell(
      'shared-topic-space-not-served',
      'this version relays no messages between devices yet: each has a topic space of its own until it does',
    );
  }
  if (permissions.length > 0 && permissions.every(({ effect }) => effect === 'deny')) {
    tell(
      'permissions-allow-nothing',
      authentication.type === 'one-way'
        ? 'no rule of its permissions allows anything: devices can neither publish nor subscribe'
        : "no rule of its permissions allows anything: devices may do only what the authenticator's answer allows",
    );
  }
  return notices;
}
