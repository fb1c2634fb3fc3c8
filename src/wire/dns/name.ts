/**
 * Domain names as text: labels with dots between them and none at the end, the root being `.`; RFC 4343 §2.1 escapes
 * (`\.`, `\\`, `\255`) stand for dots and backslashes in labels and for octets that are not printable ASCII. Case is
 * kept, and does not count when names are compared. Names in other letters must come as A-labels (RFC 5891).
 */

/** Octets of a name on the wire, lengths and root included, and of a label (RFC 1035 §2.3.4). */
export const longestName = 255;
export const longestLabel = 63;

/** The octets of each label, the root's excluded; undefined for what is no name. One final dot is allowed. */
export function labelsOf(text: string): Uint8Array[] | undefined {
	if (text === '.') return [];
	const labels: Uint8Array[] = [];
	let label: number[] = [];
	let length = 1;
	for (let index = 0; index <= text.length; index += 1) {
		const character = text[index];
		if (character === '.' || character === undefined) {
			if (character === undefined && label.length === 0 && labels.length > 0) break;
			length += label.length + 1;
			if (label.length === 0 || label.length > longestLabel || length > longestName) return undefined;
			labels.push(Uint8Array.from(label));
			label = [];
			continue;
		}
		let octet = text.charCodeAt(index);
		if (character === '\\') {
			const digits = /^\d{1,3}/.exec(text.slice(index + 1, index + 4))?.[0];
			octet = digits === undefined ? text.charCodeAt(index + 1) : digits.length === 3 ? Number(digits) : 256;
			if (!(octet <= (digits === undefined ? 127 : 255))) return undefined;
			index += digits?.length ?? 1;
		} else if (octet > 127) return undefined;
		label.push(octet);
	}
	return labels;
}

/** One label as text. */
export function formatLabel(octets: Uint8Array): string {
	let text = '';
	for (const octet of octets) text += characters[octet]!;
	return text;
}

/** The one text of a name, its case kept; undefined for what is no name. */
export function canonicalName(text: string): string | undefined {
	const labels = labelsOf(text);
	return labels && (labels.map(formatLabel).join('.') || '.');
}

/** What two canonical texts of one name have in common. */
export function foldName(name: string): string {
	return name.toLowerCase();
}

/** Whether two canonical texts are of one name. RFC 4343 §3 */
export function sameName(a: string, b: string): boolean {
	return foldName(a) === foldName(b);
}

/** Whether a name is `ancestor` or below it; both canonical. */
export function isWithin(name: string, ancestor: string): boolean {
	if (ancestor === '.') return true;
	const [below, above] = [splitName(foldName(name)), splitName(foldName(ancestor))];
	return below.length >= above.length && above.every((label, i) => label === below[below.length - above.length + i]);
}

/** The labels of a canonical text, as text. */
export function splitName(name: string): string[] {
	return name.match(/(?:\\.|[^.\\])+/gs) ?? [];
}

const characters: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
	if (octet <= 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, '0')}`;
	const character = String.fromCharCode(octet);
	return character === '.' || character === '\\' ? `\\${character}` : character;
});
