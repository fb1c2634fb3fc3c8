import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import type { Stack } from '../../stack/stack.ts';
import { type MemoryStack, memory } from '../../stacks/memory/memory.ts';
import type { NameAnswers } from '../../stacks/memory/names.ts';
import { Local } from '../endpoint/local.ts';
import type { RemoteLike } from '../endpoint/remote.ts';
import { tcp } from '../transport/plain.ts';
import type { Transport } from '../transport/transport.ts';
import { EstablishmentError } from './failure.ts';
import type { RaceOptions, RaceWinner } from './race.ts';
import {
	ground,
	listed,
	loss,
	nameOf,
	nothing,
	ok,
	only,
	refused,
	type Scripts,
	secureTransport,
	silent,
	text,
	unreachable,
	where,
} from './race-harness.ts';

describe('a lost race', () => {
	const advice: readonly (readonly [
		title: string,
		scripts: Scripts,
		remote: RemoteLike,
		names: Readonly<Record<string, NameAnswers>>,
		code: string,
		message: string,
		more?: Partial<RaceOptions>,
	])[] = [
		[
			'H-44 refused at one address: what that attempt says',
			{ '6a': refused() },
			`tcp://${where('6a')}`,
			{},
			'refused',
			'connect [2001:db8::a]:80: nothing listens there; is the server running, and is the port right?',
		],
		[
			'H-44 refused at the one address of a name: both are told',
			{ '4a': refused() },
			'tcp://a.test:80',
			{ 'a.test': nameOf({ AAAA: [0, 'empty'], A: [0, ['4a']] }) },
			'refused',
			'connect 192.0.2.10:80: nothing listens there; is the server running, and is the port right? (tcp://a.test:80)',
		],
		[
			'H-44 T-7.1-07 refused everywhere: told once, with the places',
			{ '6a': refused(), '4a': refused() },
			'tcp://a.test:80',
			{ 'a.test': nameOf({ AAAA: [0, ['6a']], A: [0, ['4a']] }) },
			'refused',
			'connect [2001:db8::a]:80: nothing listens there; is the server running, and is the port right? ' +
				'(tcp://a.test:80; the same at 192.0.2.10:80)',
		],
		[
			'H-44 failed in different ways: each, and the advice of the first',
			{ '6a': unreachable, '4a': refused(), '6b': { connect: 'reset' } },
			listed(['6a', '4a', '6b']),
			{},
			'all-attempts-failed',
			'none of 3 attempts to reach tcp://[2001:db8::a]:80 succeeded: [2001:db8::a]:80 unreachable, ' +
				'192.0.2.10:80 refused, [2001:db8::b]:80 reset. The first: connect [2001:db8::a]:80: the host cannot be ' +
				'reached; a router said so',
		],
		[
			'I-12-02 stopped by limits.attempts: it says so',
			{ '6a': refused(), '4a': refused(), '6b': ok() },
			listed(['6a', '4a', '6b']),
			{},
			'refused',
			'connect [2001:db8::a]:80: nothing listens there; is the server running, and is the port right? ' +
				'(tcp://[2001:db8::a]:80; the same at 192.0.2.10:80); limits.attempts (2) allowed no more',
			{ limits: { attempts: 2 } },
		],
		[
			'H-40 T-7.1-02 silent addresses: timed out, and what silence means',
			{ '6a': silent, '4a': refused() },
			listed(['6a', '4a']),
			{},
			'timed-out',
			'nothing at tcp://[2001:db8::a]:80 was ready within 5 s: [2001:db8::a]:80 silent, 192.0.2.10:80 refused. ' +
				'Silence usually means a firewall or a host that is down; the option `timeout` allows more',
			{ timeout: 5_000 },
		],
		[
			'I-12-02 held back by limits.concurrent: it says so',
			{ '6a': silent, '4a': ok() },
			listed(['6a', '4a']),
			{},
			'timed-out',
			'nothing at tcp://[2001:db8::a]:80 was ready within 5 s: [2001:db8::a]:80 silent; limits.concurrent (1) let no ' +
				'more start. Silence usually means a firewall or a host that is down; the option `timeout` allows more',
			{ timeout: 5_000, limits: { concurrent: 1 } },
		],
		[
			'H-44 one address refused, the question for the others not answered: timed out, and who owes what',
			{ '6a': refused() },
			'tcp://a.test:80',
			{ 'a.test': nameOf({ AAAA: [0, ['6a']] }) },
			'timed-out',
			'nothing at tcp://a.test:80 was ready within 5 s: [2001:db8::a]:80 refused. ' +
				'No DNS server has answered for A of a.test; is the network up?',
			{ timeout: 5_000 },
		],
		[
			'H-44 a handshake that did not end: timed out, and that it stood',
			{ '6a': ok() },
			listed(['6a']),
			{},
			'timed-out',
			'nothing at tcp://[2001:db8::a]:80 was ready within 5 s: [2001:db8::a]:80 connected but its handshake did not ' +
				'end; the option `timeout` allows more',
			{ timeout: 5_000, select: () => [secureTransport({})] },
		],
		[
			'T-7.1-07 no such name',
			{},
			'tcp://a.tset:80',
			{},
			'dns-not-found',
			'there is no name "a.tset" (memory); is it spelled right?',
		],
		[
			'T-7.1-07 a name without addresses',
			{},
			'tcp://a.test:80',
			{ 'a.test': {} },
			'dns-not-found',
			'"a.test" exists but has no address (memory); is that the name of a host?',
		],
		[
			'DNS servers that fail',
			{},
			'tcp://a.test:80',
			{ 'a.test': nameOf({ AAAA: [0, 'failed'], A: [0, 'failed'] }) },
			'dns-failed',
			'the DNS servers failed on "a.test" (memory); try again, or ask another server',
		],
		[
			'DNS servers that do not answer, which the resolver tells',
			{},
			'tcp://a.test:80',
			{ 'a.test': nameOf({ AAAA: [0, 'timed-out'], A: [0, 'timed-out'] }) },
			'dns-timeout',
			'no DNS server answered for "a.test" (memory); is the network up?',
		],
		[
			'DNS servers that do not answer, and neither does the resolver',
			{},
			'tcp://a.test:80',
			{ 'a.test': nameOf({}) },
			'dns-timeout',
			'no DNS server has given an address of tcp://a.test:80 within 0.7 s; is the network up?',
			{ timeout: 700 },
		],
		[
			'questions answered differently: each, and the advice of the worst',
			{},
			['tcp://a.test:80', 'tcp://b.test:80'],
			{ 'a.test': nameOf({ AAAA: [0, 'not-found'], A: [0, 'timed-out'] }), 'b.test': {} },
			'dns-timeout',
			'no address of "a.test", "b.test" was found (memory: AAAA of "a.test" not-found, A of "a.test" timed-out, ' +
				'AAAA of "b.test" empty, A of "b.test" empty); is the network up?',
		],
	];
	for (const [title, scripts, remote, names, code, message, more] of advice) {
		test(title, async () => {
			const { clock, stack, run, after } = ground(scripts, { names });
			const error = await loss(run(remote, more));
			assert.deepEqual([error.code, error.message], [code, message]);
			assert.equal(error.remote, error.report.target);
			assert.equal(error.report.winner, null);
			await after(100);
			assert.deepEqual(stack.sockets, nothing);
			assert.equal(clock.pending, 0);
		});
	}

	test('H-44 the cause is the error of the most preferred address, whose own cause is that of the system', async () => {
		const { run } = ground({ '6a': unreachable, '4a': refused() });
		const { cause } = await loss(run(listed(['6a', '4a'])));
		assert.ok(cause instanceof PostSocketsError);
		assert.deepEqual(
			[cause.code, cause.remote, (cause.cause as { code: string }).code],
			['unreachable', where('6a'), 'EHOSTUNREACH'],
		);
	});

	test('I-4.4.1-02 a family that the local end does not have: nothing to try, and why', async () => {
		const { stack, run } = ground();
		const locals = [new Local({ stack, address: '198.18.0.1' })];
		const error = await loss(run(listed(['6a']), { locals }));
		assert.equal(error.code, 'no-candidates');
		assert.equal(error.message, 'no address of tcp://[2001:db8::a]:80 can be used from here: memory has IPv4');
	});

	test('with several stacks each attempt says where it was made', async () => {
		const { clock, stack, run } = ground({ '6a': silent });
		const other = memory({ name: 'vpn', clock, script: { [text('6a')]: refused(30) } });
		const locals = [new Local({ stack }), new Local({ stack: other })];
		const error = await loss(run(listed(['6a']), { locals, timeout: 1_000 }));
		assert.match(error.message, /: \[2001:db8::a\]:80 on memory silent, \[2001:db8::a\]:80 on vpn refused\. Silence/);
		assert.deepEqual(
			error.report.attempts.map(({ stack, start, end }) => [stack, start, end]),
			[
				['memory', 0, 1_000],
				['vpn', 500, 530],
			],
		);
	});
});

describe('mistakes are told before anything is asked or opened', () => {
	async function refusal(running: Promise<RaceWinner>, stack: MemoryStack): Promise<string> {
		const error: unknown = await running.then(
			() => assert.fail('the race was won'),
			(error: unknown) => error,
		);
		assert.ok(error instanceof PostSocketsError && !(error instanceof EstablishmentError));
		assert.deepEqual(stack.sockets, nothing);
		return `${error.code}: ${error.message}`;
	}

	test('a stack that cannot connect', async () => {
		const { stack, run } = ground();
		const locals = [new Local({ stack: only(stack, { resolver: stack.resolver }) })];
		assert.equal(
			await refusal(run('tcp://a.test:80', { locals }), stack),
			"no-candidates: no stack here can open connections (memory); name one that can as the local's stack",
		);
	});

	test('a name, and a stack that resolves none', async () => {
		const { stack, run } = ground({ '6a': ok() });
		const locals = [new Local({ stack: only(stack, { connect: stack.connect.bind(stack) }) })];
		assert.equal(
			await refusal(run('tcp://a.test:80', { locals }), stack),
			'not-supported: memory resolves no names; give tcp://a.test:80 as an IP address with its port',
		);
		const withAddress = await run(['tcp://a.test:80', `tcp://${where('6a')}`], { locals });
		assert.equal(withAddress.report.winner, text('6a'));
		assert.deepEqual(
			withAddress.report.dns.map(({ outcome, server }) => [outcome, server]),
			[
				['failed', 'no resolver'],
				['failed', 'no resolver'],
			],
		);
	});

	test('I-12-01 secure and plain alternatives in one race', async () => {
		const { stack, run } = ground();
		const select = (scheme: string | undefined) => (scheme === 'tcp' ? [tcp] : [secureTransport({})]);
		assert.equal(
			await refusal(run(['a.test:443', 'tcp://a.test:80'], { select }), stack),
			'policy-contradiction: a.test:443 has secure and plain alternatives, which never race each other; ' +
				'name them all tcp:// or none',
		);
	});

	test('I-3.1-02 what the selection of transports throws', async () => {
		const { stack, run } = ground();
		const select = () => {
			throw new PostSocketsError('not-supported', 'there is no quic yet');
		};
		assert.equal(await refusal(run('quic://a.test:443', { select }), stack), 'not-supported: there is no quic yet');
	});

	test('H-32 numbers out of bounds, and a mode there is none of', async () => {
		const { stack, run } = ground();
		const timing = run('tcp://a.test:80', { timing: { attemptDelay: 1 } });
		assert.equal(
			await refusal(timing, stack),
			'bad-argument: timing.attemptDelay is 1; it is from 10 to 2000 milliseconds',
		);
		const limits = run('tcp://a.test:80', { limits: { concurrent: 0 } });
		assert.equal(await refusal(limits, stack), 'bad-argument: limits.concurrent is 0; it is a number from 1');
		const racing = run('tcp://a.test:80', { racing: 'fast' as 'staggered' });
		assert.match(await refusal(racing, stack), /^bad-argument: racing is "fast"/);
	});

	test('a signal that has fired: its reason is the cause, or the error itself if it is one of ours', async () => {
		const { stack, run } = ground();
		const reason = new Error('the user left');
		const signal = AbortSignal.abort(reason);
		const error = await run('tcp://a.test:80', { signal }).catch((error: PostSocketsError) => error);
		assert.ok(error instanceof PostSocketsError);
		assert.deepEqual([error.code, error.operation, error.cause], ['aborted', 'initiate', reason]);
		const ours = new PostSocketsError('closed', 'the carrier was closed');
		await assert.rejects(run('tcp://a.test:80', { signal: AbortSignal.abort(ours) }), ours);
		assert.deepEqual(stack.sockets, nothing);
	});
});

describe('what others throw', () => {
	const boom = () => {
		throw new TypeError('boom');
	};
	const broken = (establish: () => never): Transport => ({ ...tcp, name: 'broken', establish });

	test('a transport that rejects with a foreign error fails that attempt', async () => {
		const { run } = ground();
		const select = () => [broken((async () => boom()) as unknown as () => never)];
		const error = await loss(run(listed(['6a']), { select }));
		assert.deepEqual([error.code, error.message], ['unreachable', 'connect [2001:db8::a]:80: boom']);
		assert.ok((error.cause as PostSocketsError).cause instanceof TypeError);
	});

	test('so does one that throws at once, and the next is tried', async () => {
		const { stack, run } = ground({ '4a': ok() });
		let calls = 0;
		const transport: Transport = {
			...tcp,
			establish: (establishment) => ((calls += 1) === 1 ? boom() : tcp.establish(establishment)),
		};
		const { report } = await run(listed(['6a', '4a']), { select: () => [transport] });
		assert.deepEqual([report.winner, report.attempts[0]!.message], [text('4a'), 'connect [2001:db8::a]:80: boom']);
		assert.deepEqual(stack.sockets, { ...nothing, flows: 2 });
	});

	test('a resolver that throws or rejects has failed', async () => {
		const { stack, run } = ground();
		for (const resolve of [boom, async () => boom()]) {
			const resolver = { resolve } as unknown as NonNullable<Stack['resolver']>;
			const locals = [new Local({ stack: only(stack, { connect: stack.connect.bind(stack), resolver }) })];
			const error = await loss(run('tcp://a.test:80', { locals }));
			assert.equal(error.code, 'dns-failed');
			assert.equal(error.message, 'the DNS servers failed on "a.test" (boom); try again, or ask another server');
		}
	});

	test('a stack that is closed meanwhile fails every attempt', async () => {
		const { clock, stack, run } = ground({ '6a': silent, '4a': silent });
		clock.after(300, () => void stack.close());
		const error = await loss(run(listed(['6a', '4a'])));
		assert.deepEqual([error.code, clock.now()], ['closed', 300]);
		assert.deepEqual(stack.sockets, nothing);
	});
});
