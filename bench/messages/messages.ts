/**
 * Messages per second, of post-sockets and of what else one might use, over loopback: two processes for each, and the runs
 * of all subjects of a case take turns, so that a busy moment of the machine hits all of them.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPeers } from '../peers.ts';
import { ProcessPair, pinned } from '../process-pair.ts';
import { progress, short, table } from '../report.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { type Case, cases, type SubjectName } from './cases.ts';
import { type LoadName, loadNames } from './link/loads.ts';
import { type Figure, type LinkSubject, linkSubjects, runOverLink } from './link/run.ts';

const usage = `usage: npm run bench -- messages [--json] [--case ID]... [--subject NAME]... [--runs N] [--quick]
  --json     one object per line, the last one a summary
  --case     only this one of: ${[...cases.map(({ id }) => id), ...loadNames].join(' ')}
  --subject  only this one, beside what it is compared with: post-sockets raw node ws zeromq grpc socket.io
  --runs     measured runs of each subject (default 7)
  --quick    3 runs of 100 ms: shows that everything works, and little more`;

/** Milliseconds of a run. */
const usual = 500;
const quick = 100;

/** Milliseconds of the one run of each subject over a slow link. */
const usualOverLink = 10_000;
const quickOverLink = 2_000;

/** What the runs of one case gave: for each subject one number per round. */
type Measured = ReadonlyMap<SubjectName, readonly number[]>;

export async function run(args: readonly string[]): Promise<void> {
	const wishes = wishesOf(args);
	if (typeof wishes === 'string') {
		console.error(`${wishes}\n${usage}`);
		process.exitCode = 2;
		return;
	}
	const { json, runs, milliseconds, chosen, overLink, overLinkMilliseconds } = wishes;
	const missing = installPeers();
	if (missing) console.error(`bench: ${missing}`);
	const report = new Report(json);
	for (const one of chosen) report.add(one, await measure(one, runs, milliseconds));
	for (const load of overLink) {
		for (const subject of linkSubjects) {
			progress(`${load}  ${subject}`);
			report.addOverLink(load, subject, await runOverLink(load, subject, overLinkMilliseconds));
			progress();
		}
	}
	report.end();
}

interface Wishes {
	readonly json: boolean;
	readonly runs: number;
	readonly milliseconds: number;
	readonly chosen: readonly Case[];
	readonly overLink: readonly LoadName[];
	readonly overLinkMilliseconds: number;
}

/** Or what is wrong with them. */
function wishesOf(args: readonly string[]): Wishes | string {
	const options = {
		json: { type: 'boolean', default: false },
		case: { type: 'string', multiple: true, default: [] as string[] },
		subject: { type: 'string', multiple: true, default: [] as string[] },
		runs: { type: 'string' },
		quick: { type: 'boolean', default: false },
	} as const;
	let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
	try {
		({ values } = parseArgs({ args: [...args], options }));
	} catch (error) {
		return (error as Error).message;
	}
	const { json, case: ids, subject: names, quick: hurry } = values;
	const runs = Number(values.runs ?? (hurry ? 3 : 7));
	if (!Number.isInteger(runs) || runs < 1) return `--runs is ${values.runs}; it is a number from 1`;
	for (const id of ids) {
		if (!cases.some((one) => one.id === id) && !loadNames.some((name) => name === id)) return `--case ${id} is none`;
	}
	const chosen = cases
		.filter(({ id }) => ids.length === 0 || ids.includes(id))
		.map((one) => ({
			...one,
			subjects: one.subjects.filter((name, at) => at < 2 || names.length === 0 || names.includes(name)),
		}));
	return {
		json,
		runs,
		milliseconds: hurry ? quick : usual,
		chosen,
		overLink: loadNames.filter((name) => ids.length === 0 || ids.includes(name)),
		overLinkMilliseconds: hurry ? quickOverLink : usualOverLink,
	};
}

/** Every subject once to warm up, then round after round; each round begins with another subject. */
async function measure(one: Case, runs: number, milliseconds: number): Promise<Measured> {
	const pairs = await startAll(one);
	const measured = new Map<SubjectName, number[]>([...pairs.keys()].map((name) => [name, []]));
	try {
		for (let round = -1; round < runs; round += 1) {
			const order = [...pairs];
			order.push(...order.splice(0, Math.max(0, round) % order.length));
			for (const [name, pair] of order) {
				progress(`${one.id}  ${name}  ${round < 0 ? 'warming up' : `run ${round + 1} of ${runs}`}`);
				const value = await pair.run(milliseconds);
				if (round >= 0) measured.get(name)!.push(value);
			}
		}
	} finally {
		for (const pair of pairs.values()) pair.stop();
		progress();
	}
	return measured;
}

/** A library that does not work here is left out; that ours does not is an error. */
async function startAll({ id, subjects, load }: Case): Promise<Map<SubjectName, ProcessPair>> {
	const pairs = new Map<SubjectName, ProcessPair>();
	for (const name of subjects) {
		progress(`${id}  ${name}  starting`);
		try {
			pairs.set(name, await ProcessPair.start(join(import.meta.dirname, 'end.ts'), [name, JSON.stringify(load)]));
		} catch (error) {
			if (subjects.indexOf(name) < 2) {
				for (const pair of pairs.values()) pair.stop();
				throw error;
			}
			console.error(`bench: ${id} without ${name}: ${(error as Error).message}`);
		}
	}
	return pairs;
}

class Report {
	readonly #json: boolean;
	readonly #rows: string[][] = [];
	readonly #ratios: Record<string, Record<string, number>> = {};
	readonly #targets: { case: string; against: SubjectName; least: number; ratio: number; met: boolean }[] = [];

	readonly #overLink: string[][] = [];
	readonly #bounds: object[] = [];

	constructor(json: boolean) {
		this.#json = json;
	}

	add({ id, unit, subjects, targets }: Case, measured: Measured): void {
		const yardstick = measured.get(subjects[1]!)!;
		const ratios: Record<string, number> = {};
		for (const [subject, values] of measured) {
			const { median, min, max, runs } = spreadOf(values);
			const ratio = ratioOf(values, yardstick);
			ratios[subject] = ratio;
			if (this.#json) print({ bench: 'messages', case: id, subject, unit, median, min, max, runs });
			const spread = `${short(min)} .. ${short(max)}`;
			this.#rows.push([id, subject, short(median), unit, spread, ratio.toFixed(2)]);
		}
		this.#ratios[id] = ratios;
		for (const { against, least } of targets) {
			const others = measured.get(against);
			if (!others) continue;
			const ratio = ratioOf(measured.get('post-sockets')!, others);
			this.#targets.push({ case: id, against, least, ratio, met: ratio >= least });
		}
	}

	addOverLink(load: LoadName, subject: LinkSubject, figures: readonly Figure[]): void {
		for (const { name: figure, value, least, most } of figures) {
			if (this.#json) print({ bench: 'messages', case: load, subject, figure, value, least, most });
			const aim = least !== undefined ? `>= ${short(least)}` : most !== undefined ? `<= ${short(most)}` : '';
			const met = value >= (least ?? value) && value <= (most ?? value);
			const ours = subject === 'post-sockets' || subject === 'without koffi';
			const verdict = aim && ours ? (met ? 'met' : 'missed') : '';
			this.#overLink.push([load, subject, figure, short(value), aim, verdict]);
			if (verdict) this.#bounds.push({ case: load, subject, figure, value, least, most, met });
		}
	}

	end(): void {
		if (this.#json) {
			const summary = { pinned, ratios: this.#ratios, targets: this.#targets, bounds: this.#bounds };
			print({ bench: 'messages', summary });
			return;
		}
		if (this.#rows.length > 0) this.#printRatios();
		if (this.#overLink.length === 0) return;
		process.stdout.write(table(['over 10 Mbit/s', 'subject', 'figure', 'value', 'aim', ''], this.#overLink));
	}

	#printRatios(): void {
		const verdicts = this.#targets.map(({ case: id, against, least, ratio, met }) => [
			id,
			`to ${against}`,
			ratio.toFixed(2),
			`>= ${least}`,
			met ? 'met' : 'missed',
		]);
		process.stdout.write(
			`${table(['case', 'subject', 'median', 'unit', 'min .. max', 'ratio'], this.#rows)}\n` +
				`Ratios are to raw (of tls-bulk: to node), the median of those of each round; processes ${pinned ? 'have a core each' : 'share the cores'}.\n\n` +
				table(['target', 'of post-sockets', 'ratio', 'aim', ''], verdicts) +
				'\n',
		);
	}
}

function print(line: object): void {
	process.stdout.write(JSON.stringify(line) + '\n');
}
