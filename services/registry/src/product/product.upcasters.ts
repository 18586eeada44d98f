import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of products has its first shape. */
export const productUpcasters: UpcastSteps = {};
