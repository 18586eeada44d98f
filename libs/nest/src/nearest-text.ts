/** Of the choices the one that a text was probably meant to be; undefined when none is near. */
export function nearestText(text: string, choices: readonly string[]): string | undefined {
  const wanted = text.toLowerCase();
  const [best] = choices
    .map((choice) => ({ choice, edits: editsBetween(wanted, choice.toLowerCase()) }))
    .toSorted((one, other) => one.edits - other.edits);
  if (best === undefined || best.edits > Math.max(1, Math.floor(best.choice.length / 3))) return undefined;
  return best.choice;
}

const MAX_COMPARED = 64;

/** Levenshtein's distance of the beginnings of two texts. */
function editsBetween(one: string, other: string): number {
  const columns = other.slice(0, MAX_COMPARED);
  let above = Array.from({ length: columns.length + 1 }, (_, column) => column);
  for (let row = 0; row < Math.min(one.length, MAX_COMPARED); row += 1) {
    const current = [row + 1];
    for (let column = 1; column <= columns.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (one[row] === columns[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
