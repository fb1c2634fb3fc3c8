import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import type { Dialer } from '../../stack/stack.ts';
import { memory } from '../../stacks/memory/memory.ts';
import { Local } from '../endpoint/local.ts';
import { Remote } from '../endpoint/remote.ts';
import { tcp } from '../transport/plain.ts';
import type { Establishment, Transport } from '../transport/transport.ts';
import {
	ground,
	listed,
	loss,
	nameOf,
	nothing,
	ok,
	only,
	refused,
	secureTransport,
	silent,
	text,
	where,
} from './race-harness.ts';
import { type RaceTrace, raceChannel } from './trace.ts';

describe('the report', () => {
	test('H-44 has every attempt and every question, as plain data', async () => {
		const { run } = ground(
			{ '6a': refused(), '4a': silent, '6b': ok() },
			{ names: { 'a.test': nameOf({ AAAA: [15, ['6a', '6b']], A: [10, ['4a']] }) } },
		);
		const { report, transport, stack, security } = await run('tcp://a.test:80');
		assert.deepEqual([transport, stack.name, security], [tcp, 'memory', undefined]);
		assert.deepEqual(JSON.parse(JSON.stringify(report)), {
			target: 'tcp://a.test:80',
			winner: text('6b'),
			milliseconds: 305,
			plaintextFallback: false,
			attempts: [
				{
					address: text('6a'),
					port: 80,
					family: 6,
					protocol: 'tcp',
					stack: 'memory',
					start: 15,
					connected: null,
					end: 35,
					phase: 'connect',
					outcome: 'failed',
					code: 'refused',
					message: `connect ${where('6a')}: nothing listens there; is the server running, and is the port right?`,
				},
				{
					address: text('4a'),
					port: 80,
					family: 4,
					protocol: 'tcp',
					stack: 'memory',
					start: 35,
					connected: null,
					end: 305,
					phase: 'connect',
					outcome: 'cancelled',
					code: null,
					message: null,
				},
				{
					address: text('6b'),
					port: 80,
					family: 6,
					protocol: 'tcp',
					stack: 'memory',
					start: 285,
					connected: null,
					end: 305,
					phase: 'ready',
					outcome: 'won',
					code: null,
					message: null,
				},
			],
			dns: [
				{
					name: 'a.test',
					type: 'AAAA',
					stack: 'memory',
					server: 'memory',
					start: 0,
					end: 15,
					outcome: 'found',
					addresses: [text('6a'), text('6b')],
				},
				{
					name: 'a.test',
					type: 'A',
					stack: 'memory',
					server: 'memory',
					start: 0,
					end: 10,
					outcome: 'found',
					addresses: [text('4a')],
				},
			],
		});
	});

	test('H-44 a question that was never answered is pending, and of no server', async () => {
		const { run } = ground({ '6a': ok() }, { names: { 'a.test': nameOf({ AAAA: [10, ['6a']] }) } });
		const { report } = await run('tcp://a.test:80');
		assert.deepEqual(report.dns[1], {
			name: 'a.test',
			type: 'A',
			stack: 'memory',
			server: null,
			start: 0,
			end: null,
			outcome: 'pending',
			addresses: [],
		});
	});

	test('times count from the begin of the race, whatever the clock says', async () => {
		const clock = virtualClock({ start: 5_000.123 });
		const { run } = ground({ '6a': silent, '4a': ok() }, {}, clock);
		const { report } = await run(listed(['6a', '4a']));
		assert.deepEqual([report.attempts[1]!.start, report.milliseconds], [250, 270]);
	});

	test('H-36 H-37 H-44 I-4.4.1-01 P04 a handshake has its phase and its time, and the winner is who finished it', async () => {
		const { stack, run } = ground({ '6a': ok(200), '4a': ok(200) });
		const select = () => [secureTransport({ [text('6a')]: 200, [text('4a')]: 200 })];
		const { report, security } = await run(listed(['6a', '4a']), { select });
		assert.deepEqual([report.winner, report.milliseconds, report.attempts.length], [text('6a'), 400, 1]);
		assert.deepEqual([report.attempts[0]!.connected, report.attempts[0]!.phase], [200, 'ready']);
		assert.equal(security?.protocol, 'TLSv1.3');
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
	});

	test('H-36 I-4.4.1-01 P01 P03 neither a silent handshake nor a bad certificate ends the race', async () => {
		const { stack, run, after } = ground({ '6a': ok(), '4a': ok(), '6b': ok() });
		const untrusted = new PostSocketsError('certificate-untrusted', 'no authority we trust vouches for it');
		const select = () => [secureTransport({ [text('4a')]: untrusted, [text('6b')]: 20 })];
		const { report } = await run(listed(['6a', '4a', '6b']), { select });
		assert.deepEqual(
			report.attempts.map(({ start, connected, end, phase, outcome }) => [start, connected, end, phase, outcome]),
			[
				[0, 20, 330, 'handshake', 'cancelled'],
				[250, 270, 290, 'handshake', 'failed'],
				[290, 310, 330, 'ready', 'won'],
			],
		);
		await after(100);
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
	});

	test('a Unix socket has its path, and neither port nor family', async () => {
		const { run } = ground({}, { script: { 'unix:/run/x': ok() } });
		const { report } = await run('unix:/run/x');
		const [{ address, port, family, protocol }] = report.attempts as [(typeof report.attempts)[0]];
		assert.deepEqual([report.winner, address, port, family, protocol], ['/run/x', '/run/x', null, 'unix', 'unix']);
	});
});

describe('the caller', () => {
	test('S26 aborts at 100: told then, with what was under way, and nothing starts or stays', async () => {
		const { clock, stack, run, after } = ground({ '6a': silent, '4a': ok() });
		const controller = new AbortController();
		const reason = new Error('the user left');
		clock.after(100, () => controller.abort(reason));
		const error = await loss(run(listed(['6a', '4a']), { signal: controller.signal }));
		assert.equal(clock.now(), 100);
		assert.deepEqual(stack.sockets, nothing);
		assert.deepEqual([error.code, error.cause], ['aborted', reason]);
		assert.equal(error.message, 'connecting to tcp://[2001:db8::a]:80 was aborted by the caller');
		assert.deepEqual(
			error.report.attempts.map(({ outcome, end }) => [outcome, end]),
			[['cancelled', 100]],
		);
		await after(1_000);
		assert.equal(clock.pending, 0);
	});

	test('aborts while the name is asked for: no question stays', async () => {
		const { clock, stack, run } = ground({}, { names: { 'a.test': nameOf({}) } });
		const controller = new AbortController();
		clock.after(5, () => controller.abort());
		const error = await loss(run('tcp://a.test:80', { signal: controller.signal }));
		assert.deepEqual([error.code, clock.now()], ['aborted', 5]);
		assert.deepEqual(stack.sockets, nothing);
		assert.equal(clock.pending, 0);
	});

	test('aborts in the turn in which a flow is ready: the race is lost, and the flow aborted', async () => {
		const { stack, run, after } = ground({ '6a': ok() });
		const controller = new AbortController();
		const connect: Dialer['connect'] = async (remote, options) => {
			const flow = await stack.connect(remote, { ...options, signal: new AbortController().signal });
			controller.abort();
			return flow;
		};
		const locals = [new Local({ stack: only(stack, { connect }) })];
		assert.equal((await loss(run(listed(['6a']), { locals, signal: controller.signal }))).code, 'aborted');
		await after(100);
		assert.deepEqual(stack.sockets, nothing);
	});

	test('has no listener of ours on the signal when the race is over', async () => {
		const { run } = ground({ '6a': ok(), '4a': refused() });
		const { signal } = new AbortController();
		const winning = run(listed(['6a']), { signal });
		assert.equal(getEventListeners(signal, 'abort').length, 1);
		await winning;
		await loss(run(listed(['4a']), { signal }));
		assert.equal(getEventListeners(signal, 'abort').length, 0);
	});

	test('may abort after the race: nothing happens to the winner', async () => {
		const { stack, run, after } = ground({ '6a': ok() });
		const controller = new AbortController();
		await run(listed(['6a']), { signal: controller.signal });
		controller.abort();
		await after(100);
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
	});
});

describe('losers', () => {
	test('H-42 I-4.4-02 are gone in the very turn in which the race is won', async () => {
		const { stack, run } = ground({ '6a': silent, '4a': silent, '6b': ok(5_000), '4b': ok() });
		let turnIsOver = false;
		const watch = (message: unknown) => {
			if ((message as RaceTrace).step.type === 'won') setImmediate(() => (turnIsOver = true));
		};
		raceChannel.subscribe(watch);
		await run(listed(['6a', '4a', '6b', '4b']));
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
		assert.equal(turnIsOver, false);
		raceChannel.unsubscribe(watch);
	});

	test('H-42 I-4.4-01 that are ready in the same turn are aborted, and there is one winner', async () => {
		const { stack, run, after } = ground({ '6a': ok(), '4a': ok() });
		const opened: Flow[] = [];
		const { promise: both, resolve } = Promise.withResolvers<void>();
		const connect: Dialer['connect'] = async (remote) => {
			opened.push(await stack.connect(remote, { signal: new AbortController().signal }));
			if (opened.length === 2) resolve();
			await both;
			return opened['address' in remote && remote.address.family === 6 ? 0 : 1]!;
		};
		const locals = [new Local({ stack: only(stack, { connect }) })];
		const { flow, report } = await run(listed(['6a', '4a']), { locals });
		assert.equal(report.milliseconds, 270);
		assert.deepEqual(
			report.attempts.map(({ outcome }) => outcome),
			['won', 'cancelled'],
		);
		assert.equal(flow, opened[0]);
		await after(100);
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
	});

	test('H-41 see a connection at most, and never a byte', async () => {
		const { stack, run, after } = ground();
		const seen: Record<string, { bytes: number; closed: boolean }> = {};
		for (const label of ['6a', '4a']) {
			const peer = { bytes: 0, closed: false };
			seen[label] = peer;
			const onFlow = (flow: Flow) => {
				flow.handler = {
					...deaf,
					onData: (chunk) => (peer.bytes += chunk.length),
					onClose: () => (peer.closed = true),
				};
				flow.resume();
			};
			await stack.listen(parseSocketAddress(where(label)), {
				handler: { onFlow, onClose() {} },
				signal: new AbortController().signal,
			});
		}
		const select = () => [secureTransport({ [text('4a')]: 20 })];
		const { flow, report } = await run(listed(['6a', '4a']), { select });
		assert.equal(report.winner, text('4a'));
		flow.write([new Uint8Array(5)]);
		await after(1_000);
		assert.deepEqual(seen, { '6a': { bytes: 0, closed: true }, '4a': { bytes: 5, closed: false } });
	});

	test('I-4.3-01 there are none where the first address answers: racing is not simultaneous by default', async () => {
		const { run } = ground({ '6a': ok(), '4a': ok() });
		assert.equal((await run(listed(['6a', '4a']))).report.attempts.length, 1);
		const all = await run(listed(['6a', '4a']), { racing: 'simultaneous' });
		assert.equal(all.report.attempts.length, 2);
	});
});

describe('paths', () => {
	test('I-4.1.2-02 each stack is asked for itself, when its turn has come', async () => {
		const { clock, stack, run } = ground(
			{ '6a': silent },
			{ names: { 'a.test': nameOf({ AAAA: [10, ['6a']], A: [10, []] }) } },
		);
		const vpn = memory({
			name: 'vpn',
			clock,
			rtt: 20,
			names: { 'a.test': { A: [text('4b')] } },
			script: { [text('4b')]: ok() },
		});
		const locals = [new Local({ stack }), new Local({ stack: vpn })];
		const { report, stack: won } = await run('tcp://a.test:80', { locals });
		assert.equal(won, vpn);
		assert.deepEqual([report.winner, report.milliseconds], [text('4b'), 520]);
		assert.deepEqual(
			report.dns.map(({ stack, type, start, outcome }) => [stack, type, start, outcome]),
			[
				['memory', 'AAAA', 0, 'found'],
				['memory', 'A', 0, 'empty'],
				['vpn', 'AAAA', 500, 'empty'],
				['vpn', 'A', 500, 'found'],
			],
		);
	});

	test('a local address leaves only its family, and every attempt comes from it', async () => {
		const { stack, run } = ground(
			{ '6a': ok(), '4a': ok() },
			{ names: { 'a.test': nameOf({ AAAA: [0, ['6a']], A: [0, ['4a']] }) } },
		);
		const { flow, report } = await run('tcp://a.test:80', {
			locals: [new Local({ stack, address: '198.18.0.9', port: 4_000 })],
		});
		assert.deepEqual([report.winner, report.dns.length], [text('4a'), 1]);
		assert.deepEqual(flow.local, parseSocketAddress('198.18.0.9:4000'));
	});

	test('a local port without an address is kept, in both families', async () => {
		const { stack, run } = ground({ '6a': silent, '4a': ok() });
		const { flow } = await run(listed(['6a', '4a']), { locals: [new Local({ stack, port: 4_000 })] });
		assert.equal((flow.local as { port: number }).port, 4_000);
	});

	test('a local interface is passed on', async () => {
		const { stack, run } = ground();
		const error = await loss(run(listed(['6a']), { locals: [new Local({ stack, interface: 'eth7' })] }));
		assert.equal(error.code, 'address-unavailable');
	});

	test('alternatives are each tried under their own name', async () => {
		const { run } = ground(
			{ '6a': ok(), '6b': ok() },
			{ names: { 'a.test': { AAAA: [text('6a')] }, 'b.test': { AAAA: [text('6a')] } } },
		);
		const asked: string[] = [];
		const mismatch = new PostSocketsError('name-mismatch', 'the certificate is for another name');
		const transport: Transport = {
			...secureTransport({ [text('6a')]: mismatch, [text('6b')]: 20 }),
			establish(establishment: Establishment) {
				asked.push(establishment.name);
				return secureTransport({ [text('6a')]: mismatch, [text('6b')]: 20 }).establish(establishment);
			},
		};
		const remote = ['a.test:443', 'b.test:443', new Remote({ addresses: [text('6a'), text('6b')], port: 443 })];
		await run(remote, { select: () => [transport] });
		assert.deepEqual(asked, ['a.test', 'b.test', text('6a'), text('6b')]);
	});
});

describe('the diagnostics channel', () => {
	function steps(): { readonly seen: RaceTrace[]; stop(): void } {
		const seen: RaceTrace[] = [];
		const watch = (message: unknown) => void seen.push(message as RaceTrace);
		raceChannel.subscribe(watch);
		return { seen, stop: () => raceChannel.unsubscribe(watch) };
	}

	const lines = (seen: readonly RaceTrace[]) => seen.map(({ at, step }) => `${at} ${step.type}`);

	test('H-45 I-4-01 has every step of a won race, with its time, its target and its number', async () => {
		const { run } = ground(
			{ '6a': refused(), '4a': silent, '6b': ok() },
			{ names: { 'a.test': nameOf({ AAAA: [10, ['6a', '6b']], A: [10, ['4a']] }) } },
		);
		const { seen, stop } = steps();
		await run('tcp://a.test:80');
		stop();
		assert.deepEqual(lines(seen), [
			'0 begin',
			'0 query',
			'0 query',
			'10 answer',
			'10 start',
			'10 answer',
			'30 failed',
			'30 start',
			'280 start',
			'300 ready',
			'300 cancel',
			'300 won',
		]);
		assert.equal(new Set(seen.map(({ race }) => race)).size, 1);
		assert.ok(seen.every(({ target }) => target === 'tcp://a.test:80'));
		const gathered = new Set<string>();
		for (const { step } of seen) {
			if (step.type === 'answer') for (const { address } of step.answer.records) gathered.add(String(address));
			if (step.type !== 'start' || !('address' in step.attempt.endpoint.address)) continue;
			assert.ok(gathered.has(String(step.attempt.endpoint.address.address)), 'what starts was gathered before');
		}
		assert.equal(gathered.size, 3);
	});

	test('H-45 and of a secure and a lost one; races have different numbers', async () => {
		const { run } = ground({ '6a': ok() });
		const { seen, stop } = steps();
		await run(listed(['6a']), { select: () => [secureTransport({ [text('6a')]: 5 })] });
		await loss(run(listed(['6a']), { timeout: 10 }));
		const controller = new AbortController();
		const aborted = loss(run(listed(['6a']), { signal: controller.signal }));
		controller.abort();
		await aborted;
		stop();
		assert.deepEqual(lines(seen), [
			'0 begin',
			'0 start',
			'20 connected',
			'25 ready',
			'25 won',
			'25 begin',
			'25 start',
			'35 cancel',
			'35 lost',
			'35 begin',
			'35 start',
			'35 abort',
			'35 cancel',
			'35 lost',
		]);
		assert.equal(new Set(seen.map(({ race }) => race)).size, 3);
	});
});
