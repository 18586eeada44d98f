import type { GatewayNotice, GatewayView, TopicPermission } from '@gatehouse/contracts';
import type { ExpiringChain } from './certificate-expiry.ts';
import { expiryNotices, hostnameNotices } from './certificate-warnings.ts';

interface Settings extends Pick<GatewayView, 'authentication' | 'topicSpace' | 'hostname'> {
  readonly permissions: readonly TopicPermission[];
  /** PEM. */
  readonly serverCertificate: string;
  readonly alternativeServerCertificate: string | null;
  readonly chains: readonly ExpiringChain[];
  readonly now: Date;
}

/** What a reader of a gateway's settings would not expect: what is kept and not done yet, what shuts devices out. */
export function noticesOf(settings: Settings): GatewayNotice[] {
  const { authentication, topicSpace, permissions, hostname } = settings;
  const notices: GatewayNotice[] = [
    ...expiryNotices(settings.chains, settings.now),
    ...hostnameNotices(settings.serverCertificate, hostname),
    ...hostnameNotices(settings.alternativeServerCertificate ?? '', hostname),
  ];
  const tell = (code: string, message: string): void => void notices.push({ code, message });
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
