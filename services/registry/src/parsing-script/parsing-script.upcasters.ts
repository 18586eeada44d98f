import type { UpcastSteps } from '@gatehouse/event-store';

/** Every event of parsing scripts has its first shape. */
export const parsingScriptUpcasters: UpcastSteps = {};
