/**
 * The timeline of a race as a picture that stands alone: sentences that say what happened, one lane per DNS query and
 * per attempt, and a legend. No scripts, nothing loaded, light and dark.
 */

import type { RaceReport } from '../entry/index.ts';
import { duration, printable, shorten, wrap } from './printable.ts';
import { type Lane, lanesOf } from './race-lanes.ts';
import { ticks } from './race-scale.ts';
import { type Axis, axisOf, drawLane, drawLegend, icon, laneHeight, margin, text, width } from './race-svg-lane.ts';
import { style } from './race-svg-style.ts';
import { verdict } from './race-verdict.ts';
import { escaped, tag } from './svg-markup.ts';

/** One row of the picture: how high it is, and how it is drawn below `top`. */
interface Row {
	readonly height: number;
	draw(top: number): string;
}

export function raceSvg(report: RaceReport): string {
	const { dns, attempts, span } = lanesOf(report);
	const lanes = [...dns, ...attempts];
	const axis = axisOf(lanes, span);
	const title = `Connection race to ${shorten(printable(report.target), 56)}`;
	const said = saidLines(report);
	const before: Row[] = [
		row(36, (top) => text('title', margin, top + 18, title)),
		...said.map((line) => row(23, (top) => saidLine(line, top))),
		gap(18),
	];
	const chart: Row[] = [
		row(24, (top) => text('small f-muted', margin, top + 14, 'time since the start, from left to right')),
		...section('NAME LOOKUP (DNS)', dns, axis),
		...section('CONNECTION ATTEMPTS', attempts, axis),
	];
	const after: Row[] = [row(34, (top) => tickLabels(axis, top)), row(26, (top) => drawLegend(lanes, top))];
	const shown = lanes.length > 0 ? [before, chart, after] : [before];

	const chartTop = margin + heightOf(before);
	const grid = lanes.length > 0 ? gridLines(report, axis, chartTop, chartTop + heightOf(chart)) : '';
	const height = 2 * margin - 10 + heightOf(shown.flat());
	return `${tag(
		'svg',
		{ xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' },
		tag('title', {}, escaped(title)),
		tag('desc', {}, escaped(said.map(({ words }) => words).join(' '))),
		style(),
		tag('rect', { class: 'f-ground', width, height }),
		grid,
		...stack(shown.flat()),
	)}\n`;
}

function row(height: number, draw: Row['draw']): Row {
	return { height, draw };
}

function gap(height: number): Row {
	return row(height, () => '');
}

function heightOf(rows: readonly Row[]): number {
	return rows.reduce((sum, { height }) => sum + height, 0);
}

function stack(rows: readonly Row[]): string[] {
	let top = margin;
	return rows.map(({ height, draw }) => draw((top += height) - height));
}

function section(heading: string, lanes: readonly Lane[], axis: Axis): Row[] {
	if (lanes.length === 0) return [];
	return [
		row(24, (top) => text('head f-muted', margin, top + 15, heading)),
		...lanes.map((lane) => row(laneHeight, (top) => drawLane(lane, axis, top))),
		gap(10),
	];
}

interface SaidLine {
	readonly kind: 'won' | 'failed' | 'remark' | 'continued';
	readonly words: string;
}

const lettersPerLine = 128;

function saidLines(report: RaceReport): SaidLine[] {
	const { headline, remarks } = verdict(report);
	const kind = report.winner === null ? 'failed' : 'won';
	const lines = (first: SaidLine['kind'], words: string): SaidLine[] =>
		wrap(
			words.replace(/^[a-z](?=[a-z]* )/, (initial) => initial.toUpperCase()),
			lettersPerLine,
		).map((line, index) => ({
			kind: index === 0 ? first : 'continued',
			words: line,
		}));
	return [...lines(kind, headline), ...remarks.flatMap((words) => lines('remark', words))];
}

function saidLine({ kind, words }: SaidLine, top: number): string {
	const mark =
		kind === 'continued'
			? ''
			: kind === 'remark'
				? tag('circle', { class: 'f-silence', cx: margin + 7, cy: top + 11, r: 3.5 })
				: icon(kind, margin + 7, top + 11);
	const look = kind === 'won' || kind === 'failed' ? `headline f-${kind}` : 'remark';
	return mark + text(look, margin + 24, top + 16, words);
}

function tickLabels(axis: Axis, top: number): string {
	const labels = ticks(axis.span, 6).map((tick) => {
		const x = axis.x(tick);
		return text('small f-muted middle', x, top + 14, tick === 0 ? '0' : duration(tick));
	});
	return labels.join('');
}

/** The time axis, and the moment at which all was decided. */
function gridLines(report: RaceReport, axis: Axis, top: number, bottom: number): string {
	const lines = ticks(axis.span, 6).map((tick) => {
		const x = axis.x(tick);
		return tag('line', { class: 'rule s-line', x1: x, x2: x, y1: top + 22, y2: bottom });
	});
	const won = report.winner !== null;
	const x = axis.x(report.milliseconds);
	const side = x > (axis.left + axis.right) / 2 ? 'end' : '';
	const label = `${won ? 'connected' : 'given up'} after ${duration(report.milliseconds)}`;
	const colour = won ? 'won' : 'failed';
	return [
		...lines,
		tag('line', { class: `moment s-${colour}`, x1: x, x2: x, y1: top + 22, y2: bottom }),
		text(`strong ${side} f-${colour}`, x, top + 14, label),
	].join('');
}
