/** Ordinary products of the reference platform ask for parsing with this tag; it is no part of the topic name. */
const PARSING_TAG = '?_sn=default';

export function topicWithoutTag(topic: string): string {
  return topic.endsWith(PARSING_TAG) ? topic.slice(0, -PARSING_TAG.length) : topic;
}
