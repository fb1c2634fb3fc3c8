/** Elements of SVG as strings; whatever is not markup of ours is escaped. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `content` is markup: the result of `tag` or of `escaped`. */
export function tag(name: string, attributes: Attributes, ...content: readonly string[]): string {
	const written = Object.entries(attributes)
		.filter(([, value]) => value !== undefined)
		.map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value!)}"`)
		.join('');
	return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join('')}</${name}>`;
}

/** Printable text as text of XML. */
export function escaped(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function rounded(value: number): number {
	return Math.round(value * 100) / 100;
}
