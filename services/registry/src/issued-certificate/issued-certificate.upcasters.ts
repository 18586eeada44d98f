import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of issued certificates has its first shape. */
export const issuedCertificateUpcasters: UpcastSteps = {};
