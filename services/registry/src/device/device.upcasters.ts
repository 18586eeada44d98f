import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of devices has its first shape. */
export const deviceUpcasters: UpcastSteps = {};
