import type { TopicPermission } from '@gatehouse/contracts';
import { matchesTopicFilter } from '@gatehouse/mqtt';
import { covers, levelsOf, overlap, type FilterLevels } from './topic-filter-relation.ts';

/** What the placeholders of a rule stand for. */
export interface PermissionSubject {
  readonly deviceName: string;
  readonly username: string;
  readonly clientId: string;
}

interface Rule {
  readonly isAllowed: boolean;
  readonly filter: string;
  readonly levels: FilterLevels;
  /** What every topic name that matches begins with. */
  readonly prefix: string;
}

interface CompiledRules {
  readonly publish: readonly Rule[];
  readonly subscribe: readonly Rule[];
}

const PLACEHOLDER = /\$\{(deviceName|username|clientId)\}/g;
/** As many topics as most devices publish to; a full memory begins anew. */
const MAX_REMEMBERED_TOPICS = 16;

/**
 * Which topics a session may publish and subscribe to. The first rule that matches decides; without any rule
 * everything is allowed, with some what none matches is not. A placeholder becomes part of a level, and a
 * rule whose placeholder would bring a level or a wildcard with it, or stands for nothing, matches nothing.
 */
export class TopicPermissions {
  #compiled: CompiledRules | undefined;
  readonly #verdicts = new Map<string, boolean>();

  /** @param rules those of the authenticator's answer first, then the gateway's */
  constructor(
    private readonly rules: readonly TopicPermission[],
    private readonly subject: PermissionSubject,
  ) {}

  /** @param topicName a valid one */
  mayPublish(topicName: string): boolean {
    if (this.rules.length === 0) return true;
    const remembered = this.#verdicts.get(topicName);
    if (remembered !== undefined) return remembered;
    const deciding = this.#rules.publish.find(
      ({ filter, prefix }) => topicName.startsWith(prefix) && matchesTopicFilter(filter, topicName),
    );
    const verdict = deciding?.isAllowed ?? false;
    if (this.#verdicts.size >= MAX_REMEMBERED_TOPICS) this.#verdicts.clear();
    this.#verdicts.set(topicName, verdict);
    return verdict;
  }

  /**
   * Whether the filter may be subscribed to as a whole: an allow rule must cover it, and no deny rule before
   * that may overlap it.
   *
   * @param filter a valid one, of a shared subscription the part behind the share name
   */
  maySubscribe(filter: string): boolean {
    if (this.rules.length === 0) return true;
    const asked = levelsOf(filter);
    const deciding = this.#rules.subscribe.find(({ isAllowed, levels }) =>
      isAllowed ? covers(levels, asked) : overlap(levels, asked),
    );
    return deciding?.isAllowed ?? false;
  }

  /** On first use: most sessions subscribe to nothing, and many publish one message. */
  get #rules(): CompiledRules {
    this.#compiled ??= compile(this.rules, this.subject);
    return this.#compiled;
  }
}

function compile(rules: readonly TopicPermission[], subject: PermissionSubject): CompiledRules {
  const publish: Rule[] = [];
  const subscribe: Rule[] = [];
  for (const { topic, action, effect } of rules) {
    const filter = filled(topic, subject);
    if (filter === undefined) continue;
    const rule = {
      isAllowed: effect === 'allow',
      filter,
      levels: levelsOf(filter),
      // `a/#` matches `a` too.
      prefix: filter.replace(/\/?[+#].*$/s, ''),
    };
    if (action !== 'subscribe') publish.push(rule);
    if (action !== 'publish') subscribe.push(rule);
  }
  return { publish, subscribe };
}

function filled(topic: string, subject: PermissionSubject): string | undefined {
  let isUsable = true;
  const filter = topic.replaceAll(PLACEHOLDER, (_placeholder, name: keyof PermissionSubject) => {
    const value = subject[name];
    if (value === '' || /[/+#]/.test(value) || value.includes('\0')) isUsable = false;
    return value;
  });
  return isUsable ? filter : undefined;
}
