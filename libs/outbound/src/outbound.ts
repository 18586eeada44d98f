export { AllowList } from './allow-list.ts';
export { BREAKER_STATE_VALUES, CallBreaker, type BreakerState } from './call-breaker.ts';
export { CallLine, type Turn } from './call-line.ts';
export { NameLookUps, systemNames } from './name-look-ups.ts';
export {
  OutboundClient,
  type OutboundLimits,
  type OutboundRequest,
  type OutboundResponse,
} from './outbound-client.ts';
export { OutboundPolicy, type OutboundPolicySettings } from './outbound-policy.ts';
export { addressList, outboundPolicyOf, outboundSettings } from './outbound-settings.ts';
export {
  OutboundAddressForbidden,
  OutboundBusy,
  OutboundCaInvalid,
  OutboundFailure,
  OutboundNameUnknown,
  OutboundRedirectInvalid,
  OutboundResponseMalformed,
  OutboundResponseTooLarge,
  OutboundTimedOut,
  OutboundTlsFailed,
  OutboundUnreachable,
  OutboundUrlInvalid,
} from './outbound.failures.ts';
