/** What a bench prints: one object per line for programs, a table for people. */

/** A line of numbers under a head; columns are as wide as their widest cell, the first is of words. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const all = [head, ...rows];
	const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
	const line = (row: readonly string[]) =>
		row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ');
	return all.map((row) => line(row).trimEnd() + '\n').join('');
}

/** Three digits that matter. */
export function short(value: number): string {
	return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

/** What goes on, to stderr if that is a terminal; without text, nothing any more. */
export function progress(text = ''): void {
	if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
