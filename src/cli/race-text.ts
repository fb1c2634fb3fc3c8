/** The timeline of a race as text: one line per DNS query and per attempt, and a sentence that says what happened. */

import { styleText } from 'node:util';
import type { RaceReport } from '../entry/index.ts';
import { columns, pad, printable, shorten, wrap } from './printable.ts';
import { type Lane, lanesOf, type Phase } from './race-lanes.ts';
import { ticks } from './race-scale.ts';
import { sentence, verdict } from './race-verdict.ts';

export interface TextLook {
	/** Columns. */
	readonly width: number;
	readonly unicode: boolean;
	readonly colour: boolean;
}

type Colour = Parameters<typeof styleText>[0];
type Paint = (colour: Colour, text: string) => string;

const phases: Record<
	Phase,
	{ readonly cell: string; readonly ascii: string; readonly colour: Colour; readonly means: string }
> = {
	dns: { cell: '━', ascii: '-', colour: 'cyan', means: 'DNS' },
	connect: { cell: '▒', ascii: '=', colour: 'blue', means: 'connect' },
	silence: { cell: '░', ascii: '.', colour: 'yellow', means: 'no answer' },
	handshake: { cell: '█', ascii: '#', colour: 'magenta', means: 'TLS handshake' },
};

const endings: Record<Lane['ending'], { readonly mark: string; readonly ascii: string; readonly colour: Colour }> = {
	won: { mark: '✓', ascii: '*', colour: ['green', 'bold'] },
	answered: { mark: ' ', ascii: ' ', colour: 'reset' },
	failed: { mark: '✗', ascii: 'x', colour: 'red' },
	cancelled: { mark: '-', ascii: '-', colour: 'dim' },
};

/** Every line ends with a line feed and has at most `width` columns, if those are 60 or more. */
export function raceText(report: RaceReport, look: TextLook): string {
	const { dns, attempts, span } = lanesOf(report);
	const paint: Paint = look.colour
		? (colour, text) => styleText(colour, text, { validateStream: false })
		: (_, text) => text;
	const lanes = [...dns, ...attempts];
	const sizes = sizesOf(lanes, look);
	const title = fit(printable(report.target), Math.max(20, look.width - 8), look);
	const lines = [
		paint('bold', title),
		...(lanes.length > 0 ? [header(sizes)] : []),
		...lanes.map((lane) => laneLine(lane, span, sizes, look, paint)),
		...(lanes.length > 0 ? [ruler(span, sizes, paint)] : []),
		...legend(lanes, look, paint),
		...closing(report, look, paint),
	];
	return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

interface Sizes {
	readonly label: number;
	readonly bar: number;
	readonly result: number;
}

const time = 6;
/** Mark, gaps and the two times. */
const fixed = 2 + 1 + 1 + time + 1 + time + 2;

function sizesOf(lanes: readonly Lane[], { width }: TextLook): Sizes {
	const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(columns));
	const room = Math.max(width, 60) - fixed;
	const result = Math.min(widest(lanes.map(({ result }) => result)), room - 12 - 8);
	const label = Math.min(widest(lanes.map(labelOf)), Math.max(12, room - result - 12));
	return { label, result, bar: Math.max(8, room - result - label) };
}

function labelOf({ kind, shortName }: Lane): string {
	return `${kind} ${shortName}`;
}

function header({ label, bar }: Sizes): string {
	return `${' '.repeat(2 + label + 1 + bar + 1)}${'start'.padStart(time)} ${'end ms'.padStart(time)}`;
}

function laneLine(lane: Lane, span: number, { label, bar, result }: Sizes, look: TextLook, paint: Paint): string {
	const { unicode } = look;
	const ending = endings[lane.ending];
	const marked = `${unicode ? ending.mark : ending.ascii} `;
	const name = pad(fit(labelOf(lane), label, look), label);
	const times = `${shortTime(lane.start).padStart(time)} ${shortTime(lane.end).padStart(time)}`;
	const styled = (text: string) => (lane.ending === 'answered' ? text : paint(ending.colour, text));
	return `${styled(marked + name)} ${cells(lane, span, bar, unicode, paint)} ${times}  ${styled(fit(lane.result, result, look))}`;
}

/** The bar: each segment has at least one cell, so that nothing short is lost; the later one lies on top. */
function cells(lane: Lane, span: number, bar: number, unicode: boolean, paint: Paint): string {
	const row: (Phase | undefined)[] = Array.from({ length: bar }, () => undefined);
	for (const { phase, start, end } of lane.segments) {
		const from = Math.min(bar - 1, Math.floor((start / span) * bar));
		const to = Math.max(from + 1, Math.round((end / span) * bar));
		row.fill(phase, from, Math.min(bar, to));
	}
	let text = '';
	for (let from = 0, to = 0; from < bar; from = to) {
		const phase = row[from];
		while (to < bar && row[to] === phase) to += 1;
		const look = phase && phases[phase];
		text += look ? paint(look.colour, (unicode ? look.cell : look.ascii).repeat(to - from)) : ' '.repeat(to - from);
	}
	return text;
}

function ruler(span: number, { label, bar }: Sizes, paint: Paint): string {
	let line = '';
	for (const tick of ticks(span, Math.max(2, Math.floor(bar / 9)))) {
		const at = Math.round((tick / span) * bar);
		const text = String(tick);
		if (at + text.length > bar || (line !== '' && at < line.length + 2)) continue;
		line = line.padEnd(at) + text;
	}
	return `${' '.repeat(2 + label + 1)}${paint('dim', `${line.padEnd(bar)} ms`)}`;
}

function legend(lanes: readonly Lane[], { unicode }: TextLook, paint: Paint): string[] {
	const used = new Set(lanes.flatMap(({ segments }) => segments.map(({ phase }) => phase)));
	const entries = Object.entries(phases).filter(([phase]) => used.has(phase as Phase));
	if (entries.length === 0) return [];
	const shown = entries.map(
		([, { cell, ascii, colour, means }]) => `${paint(colour, (unicode ? cell : ascii).repeat(2))} ${means}`,
	);
	return [`  ${shown.join('   ')}`];
}

function closing(report: RaceReport, look: TextLook, paint: Paint): string[] {
	const said = verdict(report);
	const [first, ...rest] = wrap(speakable(sentence(said), look), Math.max(look.width, 60));
	const end = speakable(said.headline, look).length;
	const colour: Colour = report.winner === null ? ['red', 'bold'] : ['green', 'bold'];
	return ['', paint(colour, first!.slice(0, end)) + first!.slice(end), ...rest];
}

function shortTime(milliseconds: number): string {
	return milliseconds.toFixed(milliseconds < 1 ? 2 : milliseconds < 999.5 ? 1 : 0);
}

function fit(text: string, width: number, look: TextLook): string {
	return shorten(speakable(text, look), width, look.unicode ? '…' : '..');
}

/** In ASCII only, if that is all the reader's terminal has. */
function speakable(text: string, { unicode }: TextLook): string {
	return unicode ? text : text.replaceAll('…', '..').replace(/\P{ASCII}/gu, '?');
}
