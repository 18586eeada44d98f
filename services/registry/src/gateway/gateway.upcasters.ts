import { DEFAULT_GATEWAY_LIMITS } from '@gatehouse/contracts';
import type { UpcastSteps } from '@gatehouse/event-store';

export const gatewayUpcasters: UpcastSteps = {
  GatewayCreated: [
    // Gateways had neither of these certificates at first, and the limits of every gateway.
    (data) => ({
      ...data,
      deviceRootCertificate: null,
      trustedCertificate: null,
      limits: DEFAULT_GATEWAY_LIMITS,
    }),
  ],
};
