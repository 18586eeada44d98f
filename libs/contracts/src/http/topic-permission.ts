import { z } from 'zod';

const MAX_PERMISSIONS = 100;
const MAX_TEMPLATE_BYTES = 1_024;

/** What a template may hold; each is replaced by what the device is known by, within one topic level. */
export const PERMISSION_PLACEHOLDERS: readonly string[] = ['${deviceName}', '${username}', '${clientId}'];

/**
 * One rule about topics. `topic` is a topic filter (MQTT 5.0 §4.7) that may hold placeholders, such as
 * `up/${deviceName}/#`.
 */
export const topicPermission = z.strictObject({
  topic: z
    .string()
    .min(1, 'must have at least 1 character')
    .refine((topic) => new TextEncoder().encode(topic).length <= MAX_TEMPLATE_BYTES, {
      error: `must have at most ${MAX_TEMPLATE_BYTES} bytes`,
    })
    .superRefine((topic, context) => {
      const problem = templateProblem(topic);
      if (problem !== undefined) context.addIssue(problem);
    }),
  action: z.enum(['publish', 'subscribe', 'both']),
  effect: z.enum(['allow', 'deny']),
});
export type TopicPermission = z.infer<typeof topicPermission>;

/** The first rule that matches decides. Without any rule everything is allowed; with some, what none matches is not. */
export const topicPermissions = z
  .array(topicPermission)
  .max(MAX_PERMISSIONS, `may hold at most ${MAX_PERMISSIONS} rules`);

function templateProblem(topic: string): string | undefined {
  if (/\p{Cc}|\p{Cs}/u.test(topic)) return 'may not hold control characters';
  for (const placeholder of topic.match(/\$\{[^}]*\}?/g) ?? []) {
    if (!PERMISSION_PLACEHOLDERS.includes(placeholder)) {
      return `holds ${placeholder}, which is no placeholder; there are ${PERMISSION_PLACEHOLDERS.join(', ')}`;
    }
  }
  const levels = topic.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return '# must be the last level, alone';
    }
    if (level.includes('+') && level !== '+') return '+ must stand alone in its level';
  }
  return undefined;
}
