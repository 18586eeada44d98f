export type { OutboundClient, OutboundRequest, OutboundResponse } from './outbound-client.ts';
