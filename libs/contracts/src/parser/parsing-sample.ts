import { z } from 'zod';

/** A message as its device sent it, kept for a while so that scripts can be tried on it. */
export const parsingSample = z.strictObject({
  messageId: z.string(),
  deviceName: z.string(),
  topic: z.string().describe('The topic name without `?_sn=default`'),
  time: z.iso.datetime().describe('When the edge read it'),
  payload: z.base64().describe('What the device sent, base64'),
});
export type ParsingSample = z.infer<typeof parsingSample>;
