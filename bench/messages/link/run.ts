/** One run of one subject: a server, the link before it, and a client, each a process. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bestOnTime } from '../../../src/post/queue/ontime-harness.ts';
import { answer } from '../../process-pair.ts';
import { type Arrival, bulkBytes, type LoadName, linkRate, offered } from './loads.ts';

export type LinkSubject = 'post-sockets' | 'without koffi' | 'raw' | 'ws';

export const linkSubjects: readonly LinkSubject[] = ['post-sockets', 'without koffi', 'raw', 'ws'];

/** Milliseconds after the last message was sent in which it may still arrive. */
const rest = 2_000;
const patience = 30_000;
/** Milliseconds that the layer below may hold: `lowWater` of the carrier's limits. */
const lowWaterTime = 20;

export interface Figure {
	readonly name: string;
	readonly value: number;
	readonly most?: number;
	readonly least?: number;
}

export async function runOverLink(load: LoadName, subject: LinkSubject, milliseconds: number): Promise<Figure[]> {
	const name = subject === 'without koffi' ? 'post-sockets' : subject;
	const env = subject === 'without koffi' ? { POST_NO_NATIVE: '1' } : {};
	const children: ReturnType<typeof start>[] = [];
	const begin = async <T>(
		program: string,
		args: readonly unknown[],
		extra = {},
	): Promise<[ReturnType<typeof start>, T]> => {
		const child = start(program, args, extra);
		children.push(child);
		return [child, await answer<T>(child, patience)];
	};
	try {
		const [server, port] = await begin<number>('end.ts', ['server', name, load], env);
		const [link, entrance] = await begin<number>('shaper.ts', [port, linkRate]);
		const [client] = await begin('end.ts', ['client', name, load, entrance], env);
		client.send(milliseconds);
		const began = await answer<number>(client, milliseconds + patience);
		await new Promise((resolve) => setTimeout(resolve, rest));
		link.send('buffered');
		const buffered = await answer<number>(link, patience);
		server.send('arrivals');
		const arrivals = await answer<Arrival[]>(server, patience);
		return load === 'ontime' ? onTime(arrivals, began, milliseconds) : urgent(arrivals, buffered);
	} finally {
		for (const child of children) child.kill();
	}
}

function urgent(arrivals: readonly Arrival[], buffered: number): Figure[] {
	const taken = arrivals.filter((arrival) => arrival.urgent).map(({ at, sentAt }) => at - sentAt);
	taken.sort((a, b) => a - b);
	const most = (1.25 * (lowWaterTime * linkRate + buffered + bulkBytes)) / linkRate;
	return [
		{ name: 'p50 ms', value: taken[taken.length >> 1] ?? Number.POSITIVE_INFINITY },
		{ name: 'p99 ms', value: taken[Math.ceil(taken.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY, most },
		{ name: 'urgent', value: taken.length },
		{ name: 'link buffer', value: buffered },
		{ name: 'bulk MB', value: (arrivals.filter((arrival) => !arrival.urgent).length * bulkBytes) / 1e6 },
	];
}

function onTime(arrivals: readonly Arrival[], began: number, milliseconds: number): Figure[] {
	const total = (some: readonly Arrival[]) => some.reduce((sum, { bytes }) => sum + bytes, 0);
	const good = arrivals.filter(({ at, due }) => at <= due);
	const best = bestOnTime(offered(milliseconds), { rate: () => linkRate, roundTrip: 0, depth: 0 });
	const meanwhile = total(good.filter(({ at }) => at <= began + milliseconds));
	return [
		{ name: 'of capacity', value: meanwhile / (linkRate * milliseconds), least: 0.85 },
		{ name: 'of the best', value: total(good) / best, least: 0.9 },
		{ name: 'late', value: 1 - total(good) / total(arrivals), most: 0.05 },
	];
}

function start(program: string, args: readonly unknown[], env: object) {
	const command = [...process.execArgv, join(import.meta.dirname, program), ...args.map(String)];
	const inherited = { ...process.env };
	delete inherited['POST_NO_NATIVE'];
	return spawn(process.execPath, command, {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		env: { ...inherited, ...env },
	});
}
