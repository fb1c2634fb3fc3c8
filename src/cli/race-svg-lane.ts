/** One lane of a race's picture: who on the left, when in the middle, what became of it on the right. */

import { columns, duration, shorten } from './printable.ts';
import type { Lane, Phase, Segment } from './race-lanes.ts';
import { escaped, tag } from './svg-markup.ts';

export const width = 1040;
export const margin = 32;
export const laneHeight = 40;
const barHeight = 20;

/** Widths of a letter, on average, of the monospaced and of the other text. */
const monoLetter = 7.55;
const letter = 6.9;
const smallLetter = 6.1;

/** Between the axis and the results. */
const gutter = 34;

export interface Axis {
	readonly left: number;
	readonly right: number;
	readonly span: number;
	x(milliseconds: number): number;
}

/** Between the widest name and the widest result. */
export function axisOf(lanes: readonly Lane[], span: number): Axis {
	const longest = (texts: readonly string[], most: number) => Math.min(most, Math.max(0, ...texts.map(columns)));
	const names = longest(lanes.map(nameOf), longestName) * monoLetter;
	const abouts = longest(lanes.map(aboutOf), longestAbout) * smallLetter;
	const results =
		longest(
			lanes.map(({ result }) => result),
			longestResult,
		) * letter;
	const left = margin + Math.max(150, names, abouts) + 18;
	const right =
		width - margin - Math.max(results, longest(lanes.map(timesOf), longestAbout) * smallLetter) - 22 - gutter;
	return { left, right, span, x: (milliseconds) => left + (milliseconds / span) * (right - left) };
}

/** The longest an IPv6 address with its protocol and port can be. */
const longestName = 47;
const longestAbout = 44;
const longestResult = 32;

function nameOf({ name, kind }: Lane): string {
	return kind === 'A' || kind === 'AAAA' ? `${kind} ${name}` : name;
}

function aboutOf({ kind, via, segments }: Lane): string {
	if (kind === 'UNIX') return 'Unix socket';
	if (segments[0]!.phase !== 'dns') return via === '' ? kind : `${kind} over ${via}`;
	const family = kind === 'AAAA' ? 'IPv6 addresses' : 'IPv4 addresses';
	return via === '' ? family : `${family}, from ${via}`;
}

function timesOf({ start, end }: Lane): string {
	return `${duration(start)} to ${duration(end)}`;
}

export function drawLane(lane: Lane, axis: Axis, top: number): string {
	const { ending, result, start, end } = lane;
	const name = nameOf(lane);
	const barTop = top + (laneHeight - barHeight) / 2;
	const results = axis.right + gutter;
	const strong = ending === 'won' ? 'strong ' : '';
	const times = timesOf(lane);
	const colour = ending === 'won' || ending === 'failed' ? ` f-${ending}` : '';
	const ground = {
		class: 'f-wonGround',
		x: margin - 12,
		y: top + 1,
		width: width - 2 * margin + 24,
		height: laneHeight - 2,
		rx: 6,
	};
	return tag(
		'g',
		{},
		tag('title', {}, escaped(`${name}, ${aboutOf(lane)}: ${times}, ${result}`)),
		ending === 'won' ? tag('rect', ground) : '',
		text(`${strong}mono`, margin, top + 18, shorten(name, longestName)),
		text('small f-muted', margin, top + 32, shorten(aboutOf(lane), longestAbout)),
		...lane.segments.map((segment) => drawSegment(segment, axis, barTop)),
		ending === 'failed' ? cross(Math.round(Math.max(axis.x(end), axis.x(start) + 3) + 9), barTop + barHeight / 2) : '',
		icon(ending, Math.round(results) + 7, top + 14),
		text(`${strong}${colour}`, results + 22, top + 18, shorten(result, longestResult)),
		text('small f-muted', results + 22, top + 32, times),
	);
}

const phaseNames: Record<Phase, string> = {
	dns: 'DNS',
	connect: 'connect',
	silence: 'no answer',
	handshake: 'TLS handshake',
};

function drawSegment({ phase, start, end }: Segment, axis: Axis, top: number): string {
	const x = axis.x(start);
	const length = Math.max(3, axis.x(end) - x);
	const words = [`${phaseNames[phase]} ${duration(end - start)}`, duration(end - start)];
	const label = words.find((some) => some.length * letter + 10 <= length);
	const middle = x + length / 2;
	const bar = { x, y: top, width: length, height: barHeight, rx: 2 };
	if (phase !== 'silence') {
		const inside = label ? text('small middle f-onBar', middle, top + 14, label) : '';
		return tag('rect', { ...bar, class: `f-${phase}` }) + inside;
	}
	const room = (label ?? '').length * letter + 4;
	return [
		tag('rect', { ...bar, fill: 'url(#hatch)' }),
		tag('rect', { ...bar, class: 'outline s-silence' }),
		label
			? tag('rect', { class: 'f-ground', x: middle - room / 2, y: top + 3, width: room, height: barHeight - 6, rx: 3 })
			: '',
		label ? text('small strong middle f-silence', middle, top + 14, label) : '',
	].join('');
}

export function icon(ending: Lane['ending'], x: number, y: number): string {
	if (ending === 'answered') return '';
	if (ending === 'cancelled') return tag('path', { class: 'mark s-muted', d: `M${x - 5} ${y}h10` });
	const disc = tag('circle', { class: `f-${ending}`, cx: x, cy: y, r: 8 });
	const d = ending === 'won' ? `M${x - 4} ${y}l3 3.5l5 -6.5` : `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`;
	return disc + tag('path', { class: 'mark s-ground', d });
}

/** After a bar that was broken off. */
function cross(x: number, y: number): string {
	return tag('path', { class: 'mark s-failed', d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` });
}

export function drawLegend(lanes: readonly Lane[], top: number): string {
	const phases = new Set(lanes.flatMap(({ segments }) => segments.map(({ phase }) => phase)));
	const endings = new Set(lanes.map(({ ending }) => ending));
	const endingNames = {
		won: 'won',
		failed: 'failed',
		cancelled: 'cancelled, as another had won or time was up',
	} as const;
	let x = margin;
	const entry = (draw: (x: number) => string, words: string, size: number) => {
		const drawn = draw(x) + text('small f-muted', x + size + 6, top + 14, words);
		x += size + 6 + words.length * 6 + 22;
		return drawn;
	};
	return [
		...(Object.keys(phaseNames) as Phase[])
			.filter((phase) => phases.has(phase))
			.map((phase) => entry((x) => swatch(phase, x, top + 3), phaseNames[phase], 24)),
		...(Object.keys(endingNames) as (keyof typeof endingNames)[])
			.filter((ending) => endings.has(ending))
			.map((ending) => entry((x) => icon(ending, x + 8, top + 10), endingNames[ending], 16)),
	].join('');
}

function swatch(phase: Phase, x: number, y: number): string {
	const box = { x, y, width: 24, height: 14, rx: 2 };
	if (phase !== 'silence') return tag('rect', { ...box, class: `f-${phase}` });
	return tag('rect', { ...box, fill: 'url(#hatch)' }) + tag('rect', { ...box, class: 'outline s-silence' });
}

/** `words` are escaped here. */
export function text(look: string, x: number, y: number, words: string): string {
	return tag('text', { class: look.trim() || undefined, x, y }, escaped(words));
}
