import { z } from 'zod';
import { AllowList } from './allow-list.ts';
import { OutboundPolicy } from './outbound-policy.ts';

const allowList = z.string().transform((text, context) => {
  try {
    return AllowList.parse(text);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
    return z.NEVER;
  }
});

/** Comma-separated host names, addresses and CIDR ranges of those who call: they come from any port. */
export const addressList = allowList.refine(
  (list) => !list.hasPorts,
  'holds an entry with a port; give host names, addresses and ranges such as 10.20.0.0/16',
);

/** Fields for the configuration of every service that calls what customers supply. */
export const outboundSettings = {
  /** What may be called although it is private: host names and addresses, with a port or without, and ranges. */
  GATEHOUSE_OUTBOUND_ALLOW: allowList.prefault(''),
  /** `true` for development: loopback addresses may be called, and by http too. */
  GATEHOUSE_OUTBOUND_ALLOW_LOOPBACK: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
};

export function outboundPolicyOf(settings: {
  readonly GATEHOUSE_OUTBOUND_ALLOW: AllowList;
  readonly GATEHOUSE_OUTBOUND_ALLOW_LOOPBACK: boolean;
}): OutboundPolicy {
  return new OutboundPolicy({
    allow: settings.GATEHOUSE_OUTBOUND_ALLOW,
    allowLoopback: settings.GATEHOUSE_OUTBOUND_ALLOW_LOOPBACK,
  });
}
