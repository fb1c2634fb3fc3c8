/** Reads docs/conformance.md: the rows that cannot be proven here, each with the reason. */

const entry = /^\| ((?:[A-Z]-[\w.-]+(?:, )?)+) \| (.+?) \| (.+?) \|$/gm;

/** By row: why it stands without a proof. */
export function reasons(page: string): ReadonlyMap<string, string> {
	return new Map(
		[...page.matchAll(entry)].flatMap(([, rows, why]) => rows!.split(', ').map((row) => [row, why!] as const)),
	);
}
