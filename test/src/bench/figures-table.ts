export type Cell = string | number;

/** A Markdown table; numbers are rounded to three significant figures. */
export function figuresTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => row.map(cellText))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  return cell >= 100 ? String(Math.round(cell)) : String(Number(cell.toPrecision(3)));
}
