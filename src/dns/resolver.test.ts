import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IpAddress } from '../base/address.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { RecordType } from '../stack/resolver.ts';
import { memory } from '../stacks/memory/memory.ts';
import { resolverSuite } from '../testing/resolver-suite.ts';
import { foldName } from '../wire/dns/name.ts';
import type { Service } from '../wire/dns/service.ts';
import { parseHosts } from './hosts.ts';
import { type StubResolver, stubResolver } from './resolver.ts';
import { a, cname, Ground, never, record, type Script, soa, steady, zone } from './server-harness.ts';

const one = '192.0.2.53';

function service(name: string, data: Partial<Service>, type: 'SVCB' | 'HTTPS' = 'HTTPS') {
	return record(name, type, { priority: 1, target: '.', params: {}, ...data });
}

const world = zone(
	a('a.test', '192.0.2.1', 60),
	a('a.test', '192.0.2.2', 60),
	a('a.test', '2001:db8::1', 60),
	a('four.test', '192.0.2.4'),
	cname('alias.test', 'a.test', 20),
	record('srv.test', 'SRV', { priority: 1, weight: 2, port: 443, target: 'a.test' }),
);

async function ground(script: Script = world, options: Parameters<Ground['resolver']>[1] = {}) {
	const made = new Ground();
	await made.serve(one, script);
	const resolver = made.resolver([one], options);
	async function ask(name: string, type: RecordType = 'A', signal = never): Promise<string[]> {
		const { status, records, source } = await resolver.resolve(name, type, signal);
		return [status, ...records.map(({ address, ttl }) => `${address} ${ttl}`), source];
	}
	return { made, resolver, ask, asked: () => made.asked.map(({ name, type }) => `${foldName(name)} ${type}`) };
}

resolverSuite('stub resolver', async () => {
	const silent: Script = (asked) => (foldName(asked.name) === 'silent.test' ? undefined : world(asked));
	const made = new Ground();
	await made.serve(one, silent);
	const resolver = made.resolver([one]);
	return {
		resolver,
		both: { name: 'a.test', A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] },
		onlyA: { name: 'four.test', A: ['192.0.2.4'] },
		missing: 'missing.test',
		silent: 'silent.test',
		pending: () => resolver.pending + made.left,
	};
});

describe('answers', () => {
	test('each type comes when it comes: a lost AAAA does not delay A', async () => {
		const { ask, made } = await ground((asked) => (asked.type === 'AAAA' ? undefined : world(asked)));
		const six = ask('a.test', 'AAAA');
		assert.deepEqual(await ask('a.test'), ['found', '192.0.2.1 60', '192.0.2.2 60', 'dns 192.0.2.53']);
		assert.equal(made.clock.now(), 20);
		assert.deepEqual(await six, ['timed-out', 'dns 192.0.2.53']);
	});

	test('records of any type are typed, and owned by who was asked for, as it was asked', async () => {
		const { resolver } = await ground();
		const answer = await resolver.records('SRV.test', 'SRV', never);
		assert.deepEqual(answer, {
			type: 'SRV',
			status: 'found',
			name: 'SRV.test',
			records: [record('SRV.test', 'SRV', { priority: 1, weight: 2, port: 443, target: 'a.test' })],
			source: 'dns 192.0.2.53',
		});
		assert.equal((await resolver.records('a.test', 'MX', never)).status, 'empty');
	});

	test('an answer has no more records than the limit', async () => {
		const { ask } = await ground(world, { limits: { records: 1 } });
		assert.deepEqual(await ask('a.test'), ['found', '192.0.2.1 60', 'dns 192.0.2.53']);
	});

	test('aliases are followed within an answer and from server to server', async () => {
		const { ask } = await ground();
		assert.deepEqual(await ask('alias.test'), ['found', '192.0.2.1 20', '192.0.2.2 20', 'dns 192.0.2.53']);
		const lazy = await ground((asked) =>
			foldName(asked.name) === 'alias.test' ? { answers: [cname(asked.name, 'a.test', 20)] } : world(asked),
		);
		assert.deepEqual(await lazy.ask('alias.test'), ['found', '192.0.2.1 20', '192.0.2.2 20', 'dns 192.0.2.53']);
		assert.deepEqual(await lazy.ask('alias.test', 'AAAA'), ['found', '2001:db8::1 20', 'dns 192.0.2.53']);
		assert.deepEqual(lazy.asked(), ['alias.test A', 'a.test A', 'alias.test AAAA', 'a.test AAAA']);
	});

	test('what is known of an alias is not asked again', async () => {
		const lazy = await ground((asked) =>
			foldName(asked.name) === 'alias.test' ? { answers: [cname(asked.name, 'a.test', 20)] } : world(asked),
		);
		await lazy.ask('a.test');
		await lazy.ask('alias.test');
		assert.deepEqual(lazy.asked(), ['a.test A', 'alias.test A']);
	});

	test('aliases without end are given up, a ring of them too', async () => {
		const endless = await ground((asked) => ({ answers: [cname(asked.name, `x${foldName(asked.name)}`)] }));
		assert.deepEqual(await endless.ask('a.test'), ['failed', 'more than 8 aliases']);
		assert.equal(endless.made.asked.length, 9);
		const ring = await ground((asked) => ({
			answers: [cname(asked.name, foldName(asked.name) === 'a.test' ? 'b.test' : 'a.test')],
		}));
		assert.equal((await ring.ask('a.test'))[0], 'failed');
		assert.equal(ring.resolver.pending, 0);
	});
});

describe('services', () => {
	async function services(...records: Parameters<typeof zone>) {
		const { resolver, asked } = await ground(zone(...records));
		return {
			asked,
			async ask(name: string) {
				const { status, name: end, records } = await resolver.records(name, 'HTTPS', never);
				return [status, end, ...records.map(({ name: owner, priority, ttl }) => `${owner} ${priority} ${ttl}`)];
			},
		};
	}

	test('records in alias mode are followed to those in service mode', async () => {
		const { ask, asked } = await services(
			service('a.test', { priority: 0, target: 'b.test' }),
			service('b.test', { priority: 0, target: 'c.test' }),
			service('c.test', { priority: 2 }),
			service('c.test', { priority: 1 }),
			...Array.from({ length: 20 }, (_, i) => service(`n${i}.test`, { priority: 0, target: `n${i + 1}.test` })),
		);
		assert.deepEqual(await ask('a.test'), ['found', 'c.test', 'c.test 2 60', 'c.test 1 60']);
		assert.deepEqual(asked(), ['a.test HTTPS', 'b.test HTTPS', 'c.test HTTPS']);
		assert.equal((await ask('n0.test'))[0], 'failed');
		assert.equal(asked().length, 3 + 9, 'eight are followed');
	});

	test('an alias to what has no such records says where it leads', async () => {
		const { ask } = await services(
			service('a.test', { priority: 0, target: 'four.test' }),
			service('b.test', { priority: 0, target: 'missing.test' }),
			a('four.test', '192.0.2.4'),
		);
		assert.deepEqual(await ask('a.test'), ['empty', 'four.test']);
		assert.deepEqual(await ask('b.test'), ['empty', 'missing.test']);
	});

	test('an alias to "." says that there is no such service (RFC 9460 §2.5.1)', async () => {
		const { ask } = await services(service('a.test', { priority: 0, target: '.' }));
		assert.deepEqual(await ask('a.test'), ['empty', '.']);
	});

	test('beside an alias, service mode does not count (§2.4.1)', async () => {
		const { ask } = await services(
			service('a.test', { priority: 1 }),
			service('a.test', { priority: 0, target: 'b.test' }),
			service('b.test', { priority: 7 }),
		);
		assert.deepEqual(await ask('a.test'), ['found', 'b.test', 'b.test 7 60']);
	});

	test('CNAME and alias mode go together', async () => {
		const { ask } = await services(
			cname('a.test', 'b.test', 50),
			service('b.test', { priority: 0, target: 'c.test' }),
			cname('c.test', 'd.test', 40),
			service('d.test', {}),
		);
		assert.deepEqual(await ask('a.test'), ['found', 'd.test', 'd.test 1 40']);
	});
});

describe('cache', () => {
	test('an answer is kept for its time, and says how much is left', async () => {
		const { ask, made } = await ground();
		await ask('a.test');
		await made.after(19_980);
		assert.deepEqual(await ask('A.TEST.'), ['found', '192.0.2.1 40', '192.0.2.2 40', 'dns 192.0.2.53 (cache)']);
		await made.after(40_020);
		assert.deepEqual(await ask('a.test'), ['found', '192.0.2.1 60', '192.0.2.2 60', 'dns 192.0.2.53']);
		assert.equal(made.asked.length, 2);
	});

	test('so is that there is none, as long as the SOA says; without one it is not', async () => {
		const { ask, made } = await ground();
		assert.equal((await ask('missing.test'))[0], 'not-found');
		assert.equal((await ask('four.test', 'AAAA'))[0], 'empty');
		await made.after(29_000);
		assert.equal((await ask('missing.test'))[0], 'not-found');
		assert.equal((await ask('four.test', 'AAAA'))[0], 'empty');
		assert.equal(made.asked.length, 2);
		await made.after(1_000);
		await ask('missing.test');
		assert.equal(made.asked.length, 3);
		const bare = await ground(() => ({ rcode: 3 }));
		await bare.ask('missing.test');
		await bare.ask('missing.test');
		assert.equal(bare.made.asked.length, 2);
	});

	test('errors and silence are not kept, nor what lives 0 seconds', async () => {
		for (const script of [() => ({ rcode: 2 }), () => undefined, () => ({ answers: [a('a.test', '192.0.2.1', 0)] })]) {
			const { ask, made } = await ground(script, { attempts: 1 });
			await ask('a.test');
			await ask('a.test');
			assert.equal(made.asked.length, 2);
		}
	});

	test('times are cut to the limits', async () => {
		const long: Script = ({ name }) =>
			foldName(name) === 'a.test'
				? { answers: [a(name, '192.0.2.1', 10 ** 9)] }
				: { rcode: 3, authorities: [soa('.', 10 ** 9, 10 ** 9)] };
		const { ask, made } = await ground(long);
		assert.deepEqual((await ask('a.test'))[1], '192.0.2.1 86400');
		assert.deepEqual((await ask('a.test'))[1], '192.0.2.1 86400');
		await ask('b.test');
		await made.after(3_600_000);
		await ask('b.test');
		assert.equal(made.asked.length, 3);
	});

	test('the least recently used goes first, by number and by bytes; none is kept with 0', async () => {
		for (const [cache, again] of [
			[{ entries: 2 }, ['b.test']],
			[{ bytes: 500 }, ['b.test']],
			[{ entries: 0 }, ['a.test', 'a.test', 'c.test', 'b.test']],
			[{}, []],
		] as const) {
			const { ask, made, asked } = await ground(({ name }) => ({ answers: [a(name, '192.0.2.1')] }), { cache });
			for (const name of ['a.test', 'b.test', 'a.test', 'c.test', 'a.test', 'c.test', 'b.test']) await ask(name);
			const firsts = ['a.test A', 'b.test A', 'c.test A'];
			const rest = [...asked()];
			for (const first of firsts) rest.splice(rest.indexOf(first), 1);
			assert.deepEqual(
				rest,
				again.map((name) => `${name} A`),
				JSON.stringify(cache),
			);
			assert.equal(made.left, 0);
		}
	});

	test('it can be forgotten', async () => {
		const { ask, resolver, made } = await ground();
		await ask('a.test');
		resolver.flush();
		const underWay = ask('a.test');
		await made.after(10);
		resolver.flush();
		assert.equal((await underWay)[0], 'found');
		await ask('a.test');
		assert.equal(made.asked.length, 3);
	});
});

describe('stale answers (RFC 8767)', () => {
	async function stale(options = {}) {
		const made = await ground(world, { stale: options });
		await made.ask('a.test');
		await made.made.after(100_000);
		made.made.asked.length = 0;
		return made;
	}

	test('silence is filled with what was known, after 1.8 s; then at once, for 30 s', async () => {
		const { ask, made } = await stale();
		await made.serve(one, () => undefined);
		const start = made.clock.now();
		assert.deepEqual(await ask('a.test'), ['found', '192.0.2.1 30', '192.0.2.2 30', 'dns 192.0.2.53 (stale)']);
		assert.equal(made.clock.now() - start, 1_800);
		assert.equal((await ask('a.test'))[3], 'dns 192.0.2.53 (stale)');
		assert.equal(made.clock.now() - start, 1_800);
		await made.after(60_000);
		await made.serve(one, world);
		assert.deepEqual(await ask('a.test'), ['found', '192.0.2.1 60', '192.0.2.2 60', 'dns 192.0.2.53']);
	});

	test('an answer that comes after that is kept', async () => {
		const { ask, made, resolver } = await stale();
		await made.serve(one, (asked) => ({ ...(world(asked) as object), after: 2_500 }));
		assert.equal((await ask('a.test'))[3], 'dns 192.0.2.53 (stale)');
		assert.equal(resolver.pending, 1);
		await made.after(1_000);
		assert.equal((await ask('a.test'))[3], 'dns 192.0.2.53 (cache)');
		assert.equal(resolver.pending, 0);
	});

	test('an error is filled at once; not the answer that there is no such name', async () => {
		const { ask, made } = await stale();
		await made.serve(one, () => ({ rcode: 2 }));
		assert.equal((await ask('a.test'))[3], 'dns 192.0.2.53 (stale)');
		await made.after(30_000);
		await made.serve(one, () => ({ rcode: 3, authorities: [soa('test')] }));
		assert.equal((await ask('a.test'))[0], 'not-found');
	});

	test('it has its bounds, and is not done without asking for it', async () => {
		const { ask, made } = await stale({ longest: 10 });
		await made.serve(one, () => ({ rcode: 2 }));
		assert.equal((await ask('a.test'))[0], 'failed');
		const plain = await ground();
		await plain.ask('a.test');
		await plain.made.after(100_000);
		await plain.made.serve(one, () => ({ rcode: 2 }));
		assert.equal((await plain.ask('a.test'))[0], 'failed');
	});

	test('closing ends a question that only fills the cache', async () => {
		const { ask, made, resolver } = await stale();
		await made.serve(one, () => undefined);
		await ask('a.test');
		assert.deepEqual([made.left > 0, resolver.pending], [true, 1]);
		resolver.close();
		await made.after(50);
		assert.deepEqual([made.left, resolver.pending, made.clock.pending], [0, 0, 0]);
	});
});

describe('names', () => {
	test('names this host knows are asked of nobody', async () => {
		const { ask, made } = await ground(world, { search: ['test'], ndots: 5 });
		for (const name of ['localhost', 'LocalHost.', 'a.b.localhost']) {
			assert.deepEqual(await ask(name), ['found', '127.0.0.1 0', 'localhost']);
			assert.deepEqual(await ask(name, 'AAAA'), ['found', '::1 0', 'localhost']);
		}
		assert.deepEqual(await ask('192.0.2.9'), ['found', '192.0.2.9 0', 'literal']);
		assert.deepEqual(await ask('192.0.2.9', 'AAAA'), ['empty', 'literal']);
		assert.deepEqual(await ask('fe80::1%eth0', 'AAAA'), ['found', 'fe80::1%eth0 0', 'literal']);
		for (const name of ['a.invalid', 'INVALID.', 'abc.onion', 'x.alt', 'printer.local', 'local']) {
			assert.equal((await ask(name))[0], 'not-found', name);
		}
		for (const name of ['a..b', '', `${'x'.repeat(64)}.test`]) assert.equal((await ask(name))[0], 'not-found', name);
		assert.equal(made.asked.length, 0);
		assert.equal((await ask('notlocalhost.test.'))[0], 'not-found');
		assert.equal(made.asked.length, 1);
	});

	test('names below .local are asked where a search domain says that servers know them', async () => {
		const { ask, asked } = await ground(world, { search: ['corp.local'] });
		await ask('a.corp.local.');
		assert.equal((await ask('printer.local.'))[0], 'not-found');
		await ask('b');
		assert.deepEqual(asked(), ['a.corp.local A', 'b.corp.local A', 'b A']);
	});

	test('names in other letters are the caller’s to translate', async () => {
		const { ask } = await ground();
		await assert.rejects(ask('bücher.test'), { code: 'bad-argument' });
	});

	test('hosts have the last word on addresses and services, and are asked each time', async () => {
		let hosts = parseHosts('192.0.2.77 Here.test\n2001:db8::77 six.test');
		const { ask, made, resolver } = await ground(world, { hosts: (name) => hosts.get(name) });
		assert.deepEqual(await ask('HERE.test.'), ['found', '192.0.2.77 0', 'hosts file']);
		assert.deepEqual(await ask('here.test', 'AAAA'), ['empty', 'hosts file']);
		assert.deepEqual(await ask('six.test', 'AAAA'), ['found', '2001:db8::77 0', 'hosts file']);
		assert.equal((await resolver.records('here.test', 'HTTPS', never)).status, 'empty');
		assert.equal(made.asked.length, 0);
		assert.equal((await resolver.records('here.test', 'MX', never)).status, 'not-found');
		hosts = new Map();
		assert.equal((await ask('here.test'))[0], 'not-found');
	});

	test('search domains are tried while the name does not exist', async () => {
		const corp = zone(
			a('x.b.test', '192.0.2.1'),
			a('x.y.a.test', '192.0.2.2'),
			a('z.a.test', '2001:db8::2'),
			a('z.b.test', '192.0.2.3'),
		);
		const { ask, asked } = await ground(corp, { search: ['a.test', 'b.test'] });
		assert.equal((await ask('x'))[1], '192.0.2.1 60');
		assert.deepEqual(asked(), ['x.a.test A', 'x.b.test A']);
		assert.equal((await ask('x.y'))[1], '192.0.2.2 60');
		assert.deepEqual(asked().slice(2), ['x.y A', 'x.y.a.test A']);
		assert.equal((await ask('x.'))[0], 'not-found');
		assert.equal((await ask('z'))[0], 'empty', 'z.a.test exists, so z is that for every type');
		const broken = await ground(() => ({ rcode: 2 }), { search: ['a.test', 'b.test'] });
		assert.equal((await broken.ask('x'))[0], 'failed');
		assert.equal(broken.made.asked.length, 1, 'another domain must not answer for one that cannot be asked');
		const long = await ground(world, { search: [`${'x'.repeat(60)}.`.repeat(4)] });
		await long.ask('a-long-name');
		assert.deepEqual(long.asked(), ['a-long-name A']);
	});
});

describe('many questions', () => {
	test('equal questions are asked once, whatever their case; one who leaves does not end it', async () => {
		const { ask, made, resolver } = await ground();
		const controller = new AbortController();
		const leaver = ask('a.test', 'A', controller.signal);
		const others = ['A.test', 'a.TEST', 'a.test.'].map((name) => ask(name));
		assert.equal(resolver.pending, 1);
		controller.abort();
		await assert.rejects(leaver, { code: 'aborted' });
		for (const answer of await Promise.all(others)) assert.equal(answer[0], 'found');
		assert.equal(made.asked.length, 1);
	});

	test('when the last one leaves, nothing is left', async () => {
		const { ask, made, resolver } = await ground(() => undefined);
		const controller = new AbortController();
		const asking = ['A', 'AAAA', 'A'].map((type) => ask('a.test', type as RecordType, controller.signal));
		const outcomes = Promise.allSettled(asking);
		await made.after(5_000);
		assert.equal(made.left > 0, true);
		controller.abort();
		assert.deepEqual(
			(await outcomes).map(({ status }) => status),
			['rejected', 'rejected', 'rejected'],
		);
		await made.after(100);
		assert.deepEqual([made.left, resolver.pending, made.clock.pending], [0, 0, 0]);
	});

	test('so many are under way at once; the others wait for their turn, or leave', async () => {
		const { ask, made, resolver } = await ground(({ name }) => ({ answers: [a(name, '192.0.2.1')] }), {
			limits: { concurrent: 3, waiting: 5 },
		});
		const controller = new AbortController();
		const asking = Array.from({ length: 6 }, (_, index) => ask(`n${index}.test`));
		const leavers = ['x.test', 'y.test'].map((name) => ask(name, 'A', controller.signal));
		await assert.rejects(ask('more.test'), { code: 'queue-full' });
		assert.equal(resolver.pending, 8);
		assert.equal(made.stack.sockets.ports, 1 + 3);
		controller.abort();
		await Promise.allSettled(leavers);
		for (const answer of await Promise.all(asking)) assert.equal(answer[0], 'found');
		const moments = new Map<number, number>();
		for (const { at } of made.asked) moments.set(at, (moments.get(at) ?? 0) + 1);
		assert.ok([...moments.values()].every((count) => count <= 3));
		assert.equal(resolver.pending, 0);
	});
});

test('closing rejects who asks, now and later, and leaves nothing', async () => {
	const { ask, made, resolver } = await ground(() => undefined);
	const asking = assert.rejects(ask('a.test'), { code: 'closed' });
	await made.after(3_500);
	resolver.close();
	resolver.close();
	await asking;
	await assert.rejects(ask('b.test'), { code: 'closed' });
	await made.after(50);
	assert.deepEqual([made.left, resolver.pending, made.clock.pending], [0, 0, 0]);
});

test('a stack that closes is failed', async () => {
	const { ask, made } = await ground(() => undefined);
	const asking = ask('a.test');
	await made.after(50);
	await made.stack.close();
	assert.equal((await asking)[0], 'failed');
	assert.equal((await ask('b.test'))[0], 'failed');
});

test('mistakes throw at once', () => {
	const stack = memory();
	const bad = { code: 'bad-argument' satisfies ErrorCode };
	const make = (options: object): StubResolver => stubResolver({ stack, servers: [one], random: steady(), ...options });
	for (const options of [
		{ servers: [] },
		{ servers: ['dns.test'] },
		{ servers: Array.from({ length: 65 }, () => one) },
		{ search: ['a..b'] },
		{ search: Array.from({ length: 33 }, () => 'a.test') },
		{ ndots: -1 },
		{ timeout: 0 },
		{ timeout: Number.NaN },
		{ attempts: 0 },
		{ attempts: 11 },
		{ transports: {} },
		{ timeout: Number.POSITIVE_INFINITY },
		{ limits: { concurrent: 0 } },
		{ cache: { entries: Number.NaN } },
		{ stale: { after: -1 } },
	]) {
		assert.throws(() => make(options), bad, JSON.stringify(options));
	}
	make({ servers: [{ address: IpAddress.parse(one), port: 5353 }] });
});
