import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of authorities has its first shape. */
export const authorityUpcasters: UpcastSteps = {};
