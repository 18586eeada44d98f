import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of API keys has its first shape. */
export const apiKeyUpcasters: UpcastSteps = {};
