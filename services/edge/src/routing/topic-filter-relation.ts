/**
 * How the topic names that two filters match lie to each other. Filters are given as their levels, taken as
 * valid and not shared; topic names that begin with `$` are matched by no filter that begins with a wildcard
 * (MQTT 5.0 §4.7.2).
 */
export type FilterLevels = readonly string[];

export const levelsOf = (filter: string): FilterLevels => filter.split('/');

/** Whether every topic name that matches `inner` matches `outer` too. */
export function covers(outer: FilterLevels, inner: FilterLevels): boolean {
  if (isWildcard(outer[0]) && isReserved(inner[0])) return false;
  // Every topic name has a first level, so that `+/#` says what `#` says.
  if (outer.length === 2 && outer[0] === '+' && outer[1] === '#') return true;
  for (let index = 0; ; index += 1) {
    const level = outer[index];
    const asked = inner[index];
    // A trailing # matches the parent level too: `sport/#` matches `sport`. MQTT 5.0 §4.7.1.2
    if (level === '#') return true;
    if (level === undefined || asked === undefined) return level === asked;
    if (asked === '#') return false;
    if (level !== '+' && level !== asked) return false;
  }
}

/** Whether some topic name matches both. */
export function overlap(one: FilterLevels, other: FilterLevels): boolean {
  if (isWildcard(one[0]) && isReserved(other[0])) return false;
  if (isWildcard(other[0]) && isReserved(one[0])) return false;
  for (let index = 0; ; index += 1) {
    const level = one[index];
    const against = other[index];
    if (level === '#' || against === '#') return true;
    if (level === undefined || against === undefined) return level === against;
    if (level !== '+' && against !== '+' && level !== against) return false;
  }
}

const isWildcard = (level: string | undefined): boolean => level === '+' || level === '#';
const isReserved = (level: string | undefined): boolean => level?.startsWith('$') === true;
