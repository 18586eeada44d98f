import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of gateways has its first shape. */
export const gatewayUpcasters: UpcastSteps = {};
