/** `post sim FILE`: runs a scenario in a simulated network. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Scenario, sim } from '../entry/sim.ts';
import { type Command, commonOptions, type Given, UsageError } from './command.ts';

export const simCommand: Command = {
	name: 'sim',
	synopsis: 'FILE',
	summary: 'run a scenario in a simulated network, in virtual time',
	example: 'post sim scenario.ts --seeds 1000',
	options: {
		seed: { type: 'string', value: 'N', help: 'the seed of all chance; 1 if not given' },
		seeds: { type: 'string', value: 'N', help: 'try the seeds from 1 to N, and tell the first that fails' },
		pcap: { type: 'string', value: 'FILE', help: 'write what every interface sends and receives, as pcapng' },
		trace: { type: 'boolean', help: 'show every packet, on stderr' },
		...commonOptions,
	},
	notes: [
		'FILE is a module whose default export is the scenario: an async function of a network and of a function that ' +
			'injects faults, as in docs/simulation.md. It fails by throwing.',
		'--json: one object, { seed, milliseconds, events, hash }, or with --seeds { seeds, failing: { seed, faults, hash, ' +
			'repeatable } }; and if it failed { error: { code, message } }.',
	],

	async run(given, { output }) {
		const scenario = await load(given);
		const trace = given.flag('trace') ? (line: string) => output.note(line) : undefined;
		const seeds = whole(given, 'seeds');
		if (seeds !== undefined) {
			if (given.text('seed') !== undefined || given.text('pcap') !== undefined) {
				throw new UsageError('--seeds goes alone; then write --seed N for the one that fails, with --pcap FILE');
			}
			const failing = await sim.explore(seeds, scenario, { trace, print: (line) => output.note(line) });
			if (given.flag('json')) {
				const { seed, faults, hash, repeatable } = failing ?? {};
				await output.object({ seeds, ...(failing && { failing: { seed, faults, hash, repeatable } }) });
			} else if (failing === undefined) await output.write(`${seeds} seeds pass\n`);
			return failing === undefined ? 0 : 1;
		}
		const seed = whole(given, 'seed') ?? 1;
		const network = sim.network({ seed, trace });
		const file = given.text('pcap');
		const capture = file === undefined ? undefined : open(file);
		if (capture !== undefined) network.capture((bytes) => void writeSync(capture, bytes));
		try {
			await sim.play(scenario, network);
		} finally {
			if (capture !== undefined) closeSync(capture);
		}
		const { events, hash } = network.trace;
		const milliseconds = network.clock.now();
		if (given.flag('json')) await output.object({ seed, milliseconds, events, hash });
		else await output.write(`seed ${seed}: ${milliseconds} ms, ${events} events, trace ${hash}\n`);
		return 0;
	},
};

async function load({ positionals }: Given): Promise<Scenario> {
	const [file, ...rest] = positionals;
	if (file === undefined || rest.length > 0) throw new UsageError('which scenario? write post sim FILE');
	const module = (await import(pathToFileURL(resolve(file)).href).catch((error: unknown) => {
		throw new UsageError(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
	})) as { default?: unknown };
	if (typeof module.default === 'function') return module.default as Scenario;
	throw new UsageError(`${file} has no scenario; write export default async function (network) { ... }`);
}

function whole(given: Given, name: string): number | undefined {
	const text = given.text(name);
	if (text === undefined) return undefined;
	if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
	throw new UsageError(`--${name} takes a whole number above 0, not "${text}"`);
}

function open(file: string): number {
	try {
		return openSync(file, 'w');
	} catch (error) {
		throw new UsageError(`--pcap cannot be written: ${error instanceof Error ? error.message : String(error)}`);
	}
}
