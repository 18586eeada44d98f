import { z } from 'zod';
import { addressBan, connectionAttempt } from '../edge/connection-attempt.ts';
import { pageOf, pageQuery } from './page.ts';

const text = z.string().min(1).max(1_024).optional();

/** Query of GET /connection-attempts; all given must hold. Newest first. */
export const connectionAttemptQuery = pageQuery.extend({
  gatewayId: text,
  clientId: text,
  username: text,
  commonName: text,
  productKey: text,
  deviceName: text,
  ip: text,
  outcome: z.enum(['admitted', 'refused', 'failed']).optional(),
  /** One word, such as `wrong-password`. */
  reason: text,
});
export const connectionAttemptPage = pageOf(connectionAttempt);

export const addressBanPage = pageOf(addressBan);
