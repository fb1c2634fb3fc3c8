/** `post race TARGET`: one establishment, and how it went. */

import { writeFileSync } from 'node:fs';
import {
	type Carrier,
	EstablishmentError,
	type InitiateOptions,
	initiate,
	type RaceReport,
	type Remote,
} from '../entry/index.ts';
import { type Command, commonOptions, UsageError } from './command.ts';
import { describe, exitCodeOf } from './failure.ts';
import { raceSvg } from './race-svg.ts';
import { raceText } from './race-text.ts';
import { establishOptions, initiateOptions, targetOf } from './target.ts';

export const raceCommand: Command = {
	name: 'race',
	synopsis: 'TARGET [ALTERNATIVE..]',
	summary: 'connect once, and show the timeline of names, addresses and handshakes',
	example: 'post race example.com:443 --svg race.svg',
	options: {
		svg: { type: 'string', value: 'FILE', help: 'draw the timeline into this file as well' },
		delay: { type: 'string', value: 'MS', help: 'milliseconds between the starts of two addresses; 250 if not given' },
		...establishOptions,
		...commonOptions,
	},
	notes: [
		'Everything is as in `post connect`, but nothing is sent, and the connection is closed at once.',
		'--json: one object, { target, winner, milliseconds, attempts: [{ address, family, protocol, stack, start, end, phase, ' +
			'outcome, code }], dns: [{ type, server, start, end, outcome }] }, and if the race was lost { error: { code, message } }.',
	],

	async run(given, { output, interrupted }) {
		const target = targetOf(given);
		const attemptDelay = given.milliseconds('delay');
		const { report, carrier, error } = await establish(target, {
			...initiateOptions(given, interrupted),
			timing: attemptDelay === undefined ? {} : { attemptDelay },
			closeTimeout: 500,
		});
		try {
			const svg = given.text('svg');
			if (svg !== undefined) writeSvg(svg, report);
			if (given.flag('json')) await output.object(error ? { ...report, error: describe(error) } : report);
			else await output.write(raceText(report, output.look));
		} finally {
			await carrier?.close();
		}
		if (error && !given.flag('json')) throw error;
		return error ? exitCodeOf(error) : 0;
	},
};

interface Outcome {
	readonly report: RaceReport;
	readonly carrier?: Carrier;
	readonly error?: EstablishmentError;
}

async function establish(target: Remote, options: InitiateOptions<Uint8Array, Uint8Array>): Promise<Outcome> {
	try {
		const carrier = await initiate(target, options);
		return { report: carrier.race!, carrier };
	} catch (error) {
		if (error instanceof EstablishmentError) return { report: error.report, error };
		throw error;
	}
}

function writeSvg(path: string, report: RaceReport): void {
	try {
		writeFileSync(path, raceSvg(report));
	} catch (error) {
		throw new UsageError(`--svg cannot be written: ${error instanceof Error ? error.message : String(error)}`);
	}
}
