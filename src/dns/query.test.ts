import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IpAddress } from '../base/address.ts';
import { emitMessage } from '../wire/dns/message.ts';
import { foldName } from '../wire/dns/name.ts';
import { mostWrong, udpSize } from './query.ts';
import { a, echo, Ground, never, type Script, soa, zone } from './server-harness.ts';

const one = '192.0.2.53';
const two = '192.0.2.54';
const six = '2001:db8::53';

const world = zone(a('a.test', '192.0.2.1'), a('a.test', '2001:db8::1'), a('b.test', '192.0.2.2'));
const mute: Script = () => undefined;

/** Says `first` to the first query, then what `then` says. */
function once(first: Script, then: Script = world): Script {
	let said = false;
	return (asked) => {
		const script = said ? then : first;
		said = true;
		return script(asked);
	};
}

async function ground(scripts: Record<string, Script>, by?: readonly ('udp' | 'tcp')[]): Promise<Ground> {
	const made = new Ground();
	for (const [address, script] of Object.entries(scripts)) await made.serve(address, script, by);
	return made;
}

/** Asks for A of `a.test`: status, moment, addresses, source. */
async function ask(made: Ground, servers: string[], options = {}, name = 'a.test'): Promise<unknown[]> {
	const resolver = made.resolver(servers, options);
	const start = made.clock.now();
	const { status, records, source } = await resolver.resolve(name, 'A', never);
	const time = made.clock.now() - start;
	resolver.close();
	await made.after(2_000);
	assert.deepEqual([made.left, made.clock.pending], [0, 0], 'something is left');
	return [status, time, ...records.map(({ address }) => `${address}`), source];
}

describe('one server', () => {
	test('it is asked once, with recursion, EDNS and a question in mixed case from a port of its own', async () => {
		const made = await ground({ [one]: world });
		const resolver = made.resolver([one]);
		await Promise.all(['a.test', 'b.test'].map((name) => resolver.resolve(name, 'A', never)));
		assert.deepEqual(made.log, [`10 ${one} udp A`, `10 ${one} udp A`]);
		const [first, second] = made.asked as [(typeof made.asked)[0], (typeof made.asked)[0]];
		assert.ok(first.query.recursionDesired && !first.query.response);
		assert.deepEqual(first.query.edns, { udpSize, version: 0, dnssecOk: false, options: [] });
		assert.notEqual(first.from.port, second.from.port);
		assert.notEqual(first.query.id, second.query.id);
		resolver.close();
	});

	test('ids, ports and letters follow chance alone', async () => {
		const made = await ground({ [one]: () => ({ answers: [a('long-name-with-letters.test', '192.0.2.1', 0)] }) });
		const resolver = made.resolver([one]);
		const name = 'long-name-with-letters.test';
		for (let index = 0; index < 40; index += 1) await resolver.resolve(name, 'A', never);
		const distinct = (values: unknown[]) => new Set(values).size;
		assert.equal(distinct(made.asked.map(({ query }) => query.id)), 40);
		assert.equal(distinct(made.asked.map(({ from }) => from.port)), 40);
		assert.ok(distinct(made.asked.map(({ name }) => name)) > 35);
		assert.ok(made.asked.every((asked) => foldName(asked.name) === name));
		assert.ok(made.asked.every(({ from }) => from.port >= 1024));
		resolver.close();
	});

	test('a lost datagram is sent again, and the last round goes by TCP', async () => {
		const lost = await ground({ [one]: once(mute) });
		assert.deepEqual(await ask(lost, [one]), ['found', 1020, '192.0.2.1', 'dns 192.0.2.53']);
		const blocked = await ground({ [one]: (asked) => (asked.by === 'tcp' ? world(asked) : undefined) });
		assert.deepEqual(await ask(blocked, [one]), ['found', 3040, '192.0.2.1', 'dns 192.0.2.53']);
		assert.deepEqual(blocked.log, [`10 ${one} udp A`, `1010 ${one} udp A`, `3030 ${one} tcp A`]);
	});

	test('an answer to an earlier datagram counts', async () => {
		const made = await ground({ [one]: (asked) => ({ ...(world(asked) as object), after: 1500 }) });
		assert.deepEqual(await ask(made, [one]), ['found', 1520, '192.0.2.1', 'dns 192.0.2.53']);
	});

	test('silence is timed-out when all rounds are over', async () => {
		const made = await ground({ [one]: mute });
		assert.deepEqual(await ask(made, [one]), ['timed-out', 14_000, 'dns 192.0.2.53']);
		assert.deepEqual(await ask(made, [one], { timeout: 100, attempts: 2 }), ['timed-out', 300, 'dns 192.0.2.53']);
	});

	test('nobody there is failed at once', async () => {
		const made = await ground({});
		assert.deepEqual(await ask(made, [one]), ['failed', 20, 'dns 192.0.2.53 (refused)']);
	});

	test('what is truncated is asked again by TCP; without TCP it is of no use', async () => {
		const script: Script = (asked) => (asked.by === 'udp' ? { truncated: true } : world(asked));
		const made = await ground({ [one]: script });
		assert.deepEqual(await ask(made, [one]), ['found', 60, '192.0.2.1', 'dns 192.0.2.53']);
		assert.deepEqual(made.log, [`10 ${one} udp A`, `50 ${one} tcp A`]);
		const alone = await ground({ [one]: script }, ['udp']);
		assert.deepEqual(await ask(alone, [one]), ['failed', 40, 'dns 192.0.2.53 (refused)']);
	});

	test('a server that does not know EDNS is asked without, and from then on', async () => {
		for (const rcode of [1, 4, 16]) {
			const made = await ground({
				[one]: (asked) =>
					asked.query.edns === undefined
						? world(asked)
						: rcode > 15
							? { rcode }
							: { rcode, questions: rcode === 1 ? [] : asked.query.questions, edns: undefined },
			});
			const resolver = made.resolver([one]);
			assert.equal((await resolver.resolve('a.test', 'A', never)).status, 'found');
			assert.equal((await resolver.resolve('b.test', 'A', never)).status, 'found');
			assert.deepEqual(
				made.asked.map(({ query }) => query.edns !== undefined),
				[true, false, false],
			);
			resolver.close();
		}
	});

	test('a server that folds case is asked in one case, and from then on', async () => {
		const made = await ground({
			[one]: (asked) => ({
				...(world(asked) as object),
				questions: [{ name: foldName(asked.name), type: asked.type }],
			}),
		});
		const resolver = made.resolver([one], { random: undefined });
		assert.equal((await resolver.resolve('a.test', 'A', never)).status, 'found');
		const name = 'a-name-of-so-many-letters-that-chance-does-not-leave-it-alone.test';
		await resolver.resolve(name, 'A', never);
		await resolver.resolve(`b.${name}`, 'A', never);
		assert.ok(made.asked.length <= 5);
		assert.equal(made.asked.at(-1)!.name, `b.${name}`);
		resolver.close();
	});
});

describe('several servers', () => {
	test('H-16 the second is asked after 250 ms, or twice the round trip of the first once that is known', async () => {
		for (const [delay, pause] of [
			[undefined, 250],
			[180, 400],
			[100, 240],
			[0, 100],
		] as const) {
			const made = await ground({
				[one]: (asked) => ({ ...(world(asked) as object), after: delay ?? 0 }),
				[two]: world,
			});
			const resolver = made.resolver([one, two]);
			if (delay !== undefined) await resolver.resolve('b.test', 'A', never);
			await made.serve(one, mute);
			const start = made.clock.now();
			made.asked.length = 0;
			assert.equal((await resolver.resolve('a.test', 'A', never)).source, 'dns 192.0.2.54');
			assert.deepEqual(
				made.asked.map(({ at, server }) => [at - start - 10, server]),
				[
					[0, one],
					[pause, two],
				],
			);
			assert.equal(made.clock.now() - start, pause + 20);
			resolver.close();
		}
	});

	test('the fast one is asked first from then on, and a silent one last', async () => {
		const slow: Script = (asked) => ({ ...(world(asked) as object), after: 200 });
		const made = await ground({ [one]: slow, [two]: world });
		const resolver = made.resolver([one, two]);
		await made.serve(one, mute);
		await resolver.resolve('a.test', 'A', never);
		made.asked.length = 0;
		for (const name of ['b.test', 'c.test', 'd.test']) await resolver.resolve(name, 'A', never);
		assert.deepEqual(
			made.asked.map(({ server }) => server),
			[two, two, two],
		);
		resolver.close();
	});

	test('an error of one is the turn of the next at once', async () => {
		const useless: Script[] = [
			() => ({ rcode: 2 }),
			() => ({ rcode: 5 }),
			() => ({ rcode: 4, edns: undefined }),
			() => ({ recursionAvailable: false, authorities: [{ ...soa('test'), type: 'NS', target: 'ns.test' } as never] }),
		];
		for (const script of useless) {
			const made = await ground({ [one]: script, [two]: world });
			const [status, time, , source] = await ask(made, [one, two]);
			assert.deepEqual([status, source], ['found', 'dns 192.0.2.54']);
			assert.ok(time === 40 || time === 60, `${time}`);
		}
		const nobody = await ground({ [two]: world });
		assert.deepEqual(await ask(nobody, [one, two]), ['found', 40, '192.0.2.1', 'dns 192.0.2.54']);
	});

	test('errors of all are failed at once; of one, once the silent ones had their time', async () => {
		const all = await ground({ [one]: () => ({ rcode: 2 }), [two]: () => ({ rcode: 5 }) });
		assert.deepEqual(await ask(all, [one, two]), ['failed', 40, 'dns 192.0.2.54 (REFUSED)']);
		const some = await ground({ [one]: mute, [two]: () => ({ rcode: 2 }) });
		assert.deepEqual(await ask(some, [one, two]), ['failed', 2000, 'dns 192.0.2.54 (SERVFAIL)']);
	});

	test('all silent: each is asked in each round', async () => {
		const made = await ground({ [one]: mute, [six]: mute });
		assert.deepEqual(await ask(made, [one, six]), ['timed-out', 14_000, 'dns 2001:db8::53, dns 192.0.2.53']);
		assert.deepEqual(made.log, [
			`10 ${six} udp A`,
			`260 ${one} udp A`,
			`1010 ${six} udp A`,
			`1260 ${one} udp A`,
			`3030 ${six} tcp A`,
			`3280 ${one} tcp A`,
		]);
	});
});

describe('forgery', () => {
	const evil = '192.0.2.66';
	const forged = (asked: Parameters<Script>[0], more: object) =>
		emitMessage({ ...echo(asked.query), answers: [a(asked.name, evil)], ...more });

	test('a wrong id, question or kind is ignored, and what is no message', async () => {
		const made = await ground({
			[one]: (asked) => [
				forged(asked, { id: asked.query.id ^ 1 }),
				forged(asked, { questions: [{ name: 'x.test', type: 'A' }] }),
				forged(asked, { questions: [{ name: asked.name, type: 'AAAA' }] }),
				forged(asked, { questions: [{ name: asked.name, type: 'A', class: 3 }] }),
				forged(asked, { questions: [...asked.query.questions, ...asked.query.questions] }),
				forged(asked, { questions: [] }),
				forged(asked, { response: false }),
				world(asked) as object,
			],
		});
		assert.deepEqual(await ask(made, [one]), ['found', 20, '192.0.2.1', 'dns 192.0.2.53']);
		const noise = await ground({ [one]: (asked) => [new Uint8Array(5), new Uint8Array(0), world(asked) as object] });
		assert.deepEqual(await ask(noise, [one]), ['found', 20, '192.0.2.1', 'dns 192.0.2.53']);
	});

	test('an answer from another address or port is not heard', async () => {
		const made = await ground({ [one]: (asked) => ({ ...(world(asked) as object), after: 50 }), [two]: world });
		const port = await made.stack.bind({ address: IpAddress.parse(one), port: 54 }, { signal: never });
		const resolver = made.resolver([one]);
		const asking = resolver.resolve('a.test', 'A', never);
		while (made.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
		const asked = made.asked[0]!;
		made.send(two, forged(asked, {}), asked.from);
		port.send(forged(asked, {}), asked.from);
		assert.deepEqual(
			(await asking).records.map(({ address }) => `${address}`),
			['192.0.2.1'],
		);
		port.close();
		resolver.close();
	});

	test('a guess in the wrong case is asked again, not believed', async () => {
		const name = 'a-long-name-of-many-letters.test';
		const honest = zone(a(name, '192.0.2.1'));
		const made = await ground({
			[one]: once((asked) => forged(asked, { questions: [{ name: name.toUpperCase(), type: 'A' }] }), honest),
		});
		assert.deepEqual(await ask(made, [one], {}, name), ['found', 40, '192.0.2.1', 'dns 192.0.2.53']);
		assert.equal(made.asked[1]!.name, name);
	});

	test('a flood of guesses ends in TCP', async () => {
		const made = await ground({
			[one]: (asked) =>
				asked.by === 'tcp'
					? world(asked)
					: Array.from({ length: 1000 }, (_, index) => forged(asked, { id: (asked.query.id + 1 + index) & 0xffff })),
		});
		assert.deepEqual(await ask(made, [one]), ['found', 60, '192.0.2.1', 'dns 192.0.2.53']);
		assert.deepEqual(made.log, [`10 ${one} udp A`, `50 ${one} tcp A`]);
		assert.ok(mostWrong < 1000);
	});

	test('records that answer no question are not used and not kept', async () => {
		const made = await ground({
			[one]: (asked) =>
				foldName(asked.name) === 'a.test'
					? {
							answers: [a('b.test', evil), a(asked.name, '192.0.2.1'), { ...a(asked.name, evil), class: 3 }],
							authorities: [a('b.test', evil)],
							additionals: [a('b.test', evil)],
						}
					: world(asked),
		});
		const resolver = made.resolver([one]);
		const texts = async (name: string) =>
			(await resolver.resolve(name, 'A', never)).records.map(({ address }) => `${address}`);
		assert.deepEqual(await texts('a.test'), ['192.0.2.1']);
		assert.deepEqual(await texts('b.test'), ['192.0.2.2']);
		resolver.close();
	});
});

describe('transports', () => {
	test('a stack without UDP asks by TCP, one without TCP by UDP, one with neither not at all', async () => {
		const made = await ground({ [one]: world });
		const { clock } = made.stack;
		const connect = made.stack.connect.bind(made.stack);
		const bind = made.stack.bind.bind(made.stack);
		assert.equal((await ask(made, [one], { stack: { clock, connect } }))[0], 'found');
		assert.equal((await ask(made, [one], { stack: { clock, bind } }))[0], 'found');
		assert.deepEqual(
			made.asked.map(({ by }) => by),
			['tcp', 'udp'],
		);
		assert.throws(() => made.resolver([one], { stack: { clock } }), { code: 'bad-argument' });
	});

	test('a transport of ones own takes the place of both', async () => {
		const made = await ground({});
		const queries: Uint8Array[] = [];
		const stream = {
			exchange(_: unknown, query: Uint8Array, handler: { onMessage(bytes: Uint8Array): void }) {
				queries.push(query);
				const answers = [a('a.test', '192.0.2.9')];
				const response = emitMessage({
					id: query[0]! * 256 + query[1]!,
					response: true,
					questions: [{ name: 'a.test', type: 'A' }],
					answers,
				});
				made.clock.after(5, () => handler.onMessage(response));
				return { cancel() {}, unref() {} };
			},
			close() {},
		};
		assert.deepEqual(await ask(made, [one], { transports: { stream } }), ['found', 5, '192.0.2.9', 'dns 192.0.2.53']);
		assert.equal(queries.length, 1);
	});
});
