import { topicTextProblem } from './topic-name.ts';

const SHARE_PREFIX = '$share/';

/**
 * Why a text cannot be a topic filter, or undefined when it can.
 *
 * @param maxBytes limit on its UTF-8 length; the standards' own is 65 535
 * @see MQTT 5.0 §4.7 and §4.8.2, MQTT 3.1.1 §4.7
 */
export function topicFilterProblem(text: string, maxBytes: number): string | undefined {
  const problem = topicTextProblem(text, maxBytes);
  if (problem !== undefined) return problem;
  if (!isSharedSubscription(text)) return wildcardProblem(text);

  const shareNameEnd = text.indexOf('/', SHARE_PREFIX.length);
  // [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
  const shareName = shareNameEnd === -1 ? '' : text.slice(SHARE_PREFIX.length, shareNameEnd);
  if (shareName === '' || shareName.includes('+') || shareName.includes('#')) {
    return 'is a shared subscription without a valid share name: $share/<name>/<filter>';
  }
  const filter = text.slice(shareNameEnd + 1);
  return filter === '' ? 'is a shared subscription to an empty filter' : wildcardProblem(filter);
}

/** Whether a filter asks for a shared subscription, `$share/<name>/<filter>` of MQTT 5.0 §4.8.2. */
export function isSharedSubscription(filter: string): boolean {
  return filter.startsWith(SHARE_PREFIX);
}

/**
 * Whether a message with this topic name goes to a subscription with this filter. Both are taken as valid,
 * and the filter as not shared.
 *
 * @see MQTT 5.0 §4.7
 */
export function matchesTopicFilter(filter: string, topicName: string): boolean {
  // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]
  if (topicName.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  let filterStart = 0;
  let topicStart = 0;
  for (;;) {
    const filterEnd = levelEnd(filter, filterStart);
    const topicEnd = levelEnd(topicName, topicStart);
    const level = filter.slice(filterStart, filterEnd);
    if (level === '#') return true;
    if (level !== '+' && level !== topicName.slice(topicStart, topicEnd)) return false;
    // A trailing # matches the parent level too: `sport/#` matches `sport`. MQTT 5.0 §4.7.1.2
    if (topicEnd === topicName.length) return filterEnd === filter.length || filter.slice(filterEnd) === '/#';
    if (filterEnd === filter.length) return false;
    filterStart = filterEnd + 1;
    topicStart = topicEnd + 1;
  }
}

function levelEnd(text: string, start: number): number {
  const separator = text.indexOf('/', start);
  return separator === -1 ? text.length : separator;
}

function wildcardProblem(filter: string): string | undefined {
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    // [MQTT5-4.7.1-1] [MQTT3-4.7.1-2]
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return 'has a # that is not alone in the last level';
    }
    // [MQTT5-4.7.1-2] [MQTT3-4.7.1-3]
    if (level.includes('+') && level !== '+') return 'has a + that is not alone in its level';
  }
  return undefined;
}
