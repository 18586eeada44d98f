import { DEFAULT_GATEWAY_LIMITS, type GatewayNotice, type GatewayView } from '@gatehouse/contracts';
import { checksClients, staples } from './gateway-rules.ts';

type Settings = Pick<GatewayView, 'authentication' | 'x509' | 'ocsp' | 'topicSpace' | 'limits'>;

/** What of a gateway's settings is kept, and not done yet by this version. */
export function noticesOf({ authentication, x509, ocsp, topicSpace, limits }: Settings): GatewayNotice[] {
  const notices: GatewayNotice[] = [];
  const tell = (code: string, message: string): void => void notices.push({ code, message });
  if (authentication.type === 'third-party') {
    tell(
      'third-party-authentication-not-served',
      'this version does not ask third-party authenticators yet: no device is admitted through this gateway until it does',
    );
  }
  if (x509.enabled) {
    tell(
      'client-certificates-not-verified',
      'this version does not verify client certificates yet: no device is admitted through this gateway until it does',
    );
  }
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
  if (!areDefault(limits)) {
    tell('limits-not-enforced', 'this version does not enforce limits of single gateways yet, only its own');
  }
  return notices;
}

/** Whether this version can check the credentials of a device as the gateway wants it. */
export function canAdmit({ authentication, x509 }: Pick<Settings, 'authentication' | 'x509'>): boolean {
  return authentication.type === 'one-way' && !x509.enabled;
}

function areDefault({ maxPacketBytes, maxSubscriptions, keepAlive }: Settings['limits']): boolean {
  return (
    maxPacketBytes === DEFAULT_GATEWAY_LIMITS.maxPacketBytes &&
    maxSubscriptions === DEFAULT_GATEWAY_LIMITS.maxSubscriptions &&
    keepAlive === DEFAULT_GATEWAY_LIMITS.keepAlive
  );
}
