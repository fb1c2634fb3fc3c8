/** What others wrote (names, paths, messages of peers), made harmless for a terminal and for XML, and measured. */

/** Controls, what hides or reorders text, half characters and no characters. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

const wide = /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

/** One line without anything that a terminal or a reader would take for something else: `\x1b[31m` is shown as that. */
export function printable(text: string): string {
	return text.replace(unprintable, (character) => {
		const code = character.codePointAt(0)!;
		const digits = code.toString(16);
		return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
	});
}

/** The columns of a terminal that printable text takes. */
export function columns(text: string): number {
	let count = 0;
	for (const character of text) count += /\p{Mark}/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
	return count;
}

/** Text in at most `width` columns; what is too much goes from the middle, since addresses differ at both ends. */
export function shorten(text: string, width: number, ellipsis = '…'): string {
	if (columns(text) <= width) return text;
	const room = Math.max(0, width - columns(ellipsis));
	const characters = [...text];
	const head = takeColumns(characters, Math.ceil(room / 2));
	const tail = takeColumns(characters.reverse(), Math.floor(room / 2));
	return head.join('') + ellipsis + tail.reverse().join('');
}

export function pad(text: string, width: number): string {
	return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Lines of at most `width` columns, broken between words, and inside one only if it is too long; `12 ms` stays whole. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/ (?!m?s\b)/)) {
		const longer = line === '' ? word : `${line} ${word}`;
		if (columns(longer) <= width) {
			line = longer;
			continue;
		}
		if (line !== '') lines.push(line);
		line = word;
		while (columns(line) > width) {
			const characters = [...line];
			const head = takeColumns(characters, width);
			lines.push(head.join(''));
			line = characters.slice(Math.max(1, head.length)).join('');
		}
	}
	return line === '' ? lines : [...lines, line];
}

/** A duration as people write it: `0.42 ms`, `12 ms`, `1.25 s`. */
export function duration(milliseconds: number): string {
	if (milliseconds >= 999.5) return `${Number((milliseconds / 1000).toPrecision(3))} s`;
	return `${Number(milliseconds.toFixed(milliseconds < 1 ? 2 : milliseconds < 9.95 ? 1 : 0))} ms`;
}

function takeColumns(characters: readonly string[], width: number): string[] {
	let used = 0;
	const end = characters.findIndex((character) => (used += columns(character)) > width);
	return characters.slice(0, end === -1 ? characters.length : end);
}
