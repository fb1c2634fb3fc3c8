/**
 * `npm start`: the main job on a network inside this program. A TLS server has two addresses, one of them dead; a
 * client connects by name, the race finds the living one, and typed messages go both ways.
 * `npm start -- HOST:PORT` races to a real remote instead.
 */

import { z } from 'zod';
import { raceText } from '../src/cli/race-text.ts';
import {
	codec,
	EstablishmentError,
	frame,
	initiate,
	listen,
	messages,
	PostSocketsError,
	type RaceReport,
	selfSigned,
} from '../src/entry/index.ts';
import { memory } from '../src/entry/stack.ts';

const Request = z.object({ city: z.string() });
const Reply = z.object({ city: z.string(), celsius: z.number() });
const weather = messages(frame.lengthPrefix(), codec.json({ receive: Reply, send: Request }));

const forecast = new Map([
	['Glasgow', 11],
	['Zürich', 14],
]);

const [target] = process.argv.slice(2);
if (target?.startsWith('-')) {
	console.error('usage: npm start, or npm start -- HOST:PORT; the command `post race` can do more');
	process.exit(2);
}
try {
	await (target === undefined ? embedded() : real(target));
} catch (error) {
	if (!(error instanceof PostSocketsError)) throw error;
	if (error instanceof EstablishmentError) show(error.report);
	else console.error(`${error.message} (${error.code})`);
	process.exitCode = error.code === 'bad-argument' || error.code === 'not-supported' ? 2 : 1;
}

async function embedded() {
	const network = memory({
		rtt: 20,
		names: { 'weather.test': { AAAA: ['2001:db8::1'], A: ['192.0.2.7'] } },
		script: { '2001:db8::1': { connect: 'black-hole' } },
	});
	const security = selfSigned({ names: ['weather.test'] });
	await using server = await listen(
		{ address: '192.0.2.7', port: 443, stack: network },
		{ protocol: weather.mirrored(), security },
	);
	void serve(server);

	console.log('weather.test:443 has a dead IPv6 address and a live IPv4 one. The race:\n');
	await using carrier = await initiate('weather.test:443', {
		protocol: weather,
		local: { stack: network },
		security: { ca: security.cert },
	});
	show(carrier.race!);

	console.log('\nTyped messages both ways:\n');
	for (const city of ['Glasgow', 'Zürich']) {
		const reply = await carrier.request({ city });
		console.log(`  → ${JSON.stringify({ city })}\n  ← ${JSON.stringify(reply)}`);
	}
}

async function serve(server: Awaited<ReturnType<typeof listen<z.output<typeof Request>, z.input<typeof Reply>>>>) {
	for await (const carrier of server) {
		carrier.onMessage(({ content: { city } }) => carrier.send({ city, celsius: forecast.get(city) ?? 20 }));
	}
}

async function real(target: string) {
	await using carrier = await initiate(target);
	show(carrier.race!);
	const { local, remote, transport, security } = carrier.transients[0]!;
	console.log(`\n${local} → ${remote} by ${transport}${security ? ` (${security.protocol}, ${security.cipher})` : ''}`);
}

function show(report: RaceReport) {
	console.log(
		raceText(report, { width: process.stdout.columns ?? 100, unicode: true, colour: process.stdout.isTTY === true }),
	);
}
