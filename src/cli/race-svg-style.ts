/** The colours and letters of a race's picture, on light and on dark ground. */

import { tag } from './svg-markup.ts';

interface Palette {
	readonly ground: string;
	readonly text: string;
	readonly muted: string;
	readonly line: string;
	readonly dns: string;
	readonly connect: string;
	readonly handshake: string;
	readonly silence: string;
	readonly onBar: string;
	readonly won: string;
	readonly wonGround: string;
	readonly failed: string;
}

const light: Palette = {
	ground: '#ffffff',
	text: '#1c2127',
	muted: '#5f6b78',
	line: '#e4e8ec',
	dns: '#0b8484',
	connect: '#2f6fde',
	handshake: '#8447cf',
	silence: '#b06a00',
	onBar: '#ffffff',
	won: '#157a37',
	wonGround: '#e7f6ec',
	failed: '#c8202c',
};

const dark: Palette = {
	ground: '#11161c',
	text: '#e8edf2',
	muted: '#98a5b3',
	line: '#29323c',
	dns: '#35c2b8',
	connect: '#62a0ff',
	handshake: '#b891f5',
	silence: '#e3a345',
	onBar: '#11161c',
	won: '#4cc76d',
	wonGround: '#142a1b',
	failed: '#ff7a72',
};

const letters = `
text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; font-size: 12.5px }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace }
.title { font-size: 20px; font-weight: 600 }
.headline { font-size: 15px; font-weight: 600 }
.remark { font-size: 14px }
.head { font-size: 11px; font-weight: 600; letter-spacing: .06em }
.small { font-size: 11px }
.strong { font-weight: 600 }
.end { text-anchor: end }
.middle { text-anchor: middle }
.rule { stroke-width: 1 }
.moment { stroke-width: 1.5; stroke-dasharray: 5 4 }
.outline { fill: none; stroke-width: 1.2; stroke-dasharray: 4 3 }
.mark { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
`;

function colours(palette: Palette): string {
	const { ground, text, muted, line, onBar, wonGround, won, failed, ...phases } = palette;
	const fills = { ground, muted, onBar, wonGround, won, failed, ...phases };
	const strokes = { line, muted, won, failed, ground, silence: phases.silence };
	return [
		`text { fill: ${text} }`,
		...Object.entries(fills).map(([name, colour]) => `.f-${name} { fill: ${colour} }`),
		...Object.entries(strokes).map(([name, colour]) => `.s-${name} { stroke: ${colour} }`),
	].join('\n');
}

/** One style sheet, and the hatching of what got no answer. */
export function style(): string {
	const css = `${letters}${colours(light)}\n@media (prefers-color-scheme: dark) {\n${colours(dark)}\n}\n`;
	const pattern = { id: 'hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' };
	const hatch = tag(
		'pattern',
		pattern,
		tag('rect', { class: 'f-silence', width: 1.6, height: 7, 'fill-opacity': 0.55 }),
	);
	return tag('style', {}, css) + tag('defs', {}, hatch);
}
