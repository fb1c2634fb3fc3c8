import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../stack/resolver.ts';
import { EndpointSet, type EndpointSource } from './endpoints.ts';
import { answer, ip, label, literal, named } from './machine-harness.ts';

const name = named('a.test');
const AAAA = (what: Parameters<typeof answer>[1]) => answer('AAAA', what);
const A = (what: Parameters<typeof answer>[1]) => answer('A', what);

function setOf(
	sources: readonly EndpointSource[],
	families: readonly (4 | 6)[] = [6, 4],
	addressLimit = 32,
): EndpointSet {
	return new EndpointSet(sources, families, 50, addressLimit);
}

function untried(set: EndpointSet, tried: readonly string[] = [], protocol = 'tcp'): string[] {
	const keys = tried.map((text) => (text.startsWith('6') ? `[${ip(text)}]:443` : `${ip(text)}:443`));
	const last = tried.at(-1);
	return set.untried(protocol, new Set(keys), last === undefined ? undefined : last.startsWith('6') ? 6 : 4).map(label);
}

/** Feeds each answer at its time, wakes the set when it asks for it, and gives what may be tried whenever that changed. */
function replay(
	set: EndpointSet,
	answers: readonly (readonly [at: number, answer: Answer, source?: number])[],
): Record<number, string[]> {
	const seen: Record<number, string[]> = {};
	let last: string[] = [];
	const look = (at: number) => {
		const now = untried(set);
		if (now.join() !== last.join()) seen[at] = now;
		last = now;
	};
	set.begin(0);
	look(0);
	for (const [at, answer, source = 0] of answers) {
		for (let { deadline } = set; deadline < at; { deadline } = set) {
			set.wake(deadline);
			look(deadline);
		}
		set.answer(source, answer, at);
		look(at);
	}
	for (let { deadline } = set; deadline < Number.POSITIVE_INFINITY; { deadline } = set) {
		set.wake(deadline);
		look(deadline);
	}
	return seen;
}

test('H-02 I-4.1.1-02 both types are asked back to back, that of the preferred family first', () => {
	const types = (families: (4 | 6)[]) =>
		setOf([name], families)
			.begin(0)
			.map(({ type }) => type);
	assert.deepEqual(types([6, 4]), ['AAAA', 'A']);
	assert.deepEqual(types([4, 6]), ['A', 'AAAA']);
	const two = setOf([name, named('b.test')]).begin(0);
	assert.deepEqual(
		two.map(({ source, name, type }) => `${source} ${name} ${type}`),
		['0 a.test AAAA', '0 a.test A', '1 b.test AAAA', '1 b.test A'],
	);
});

test('a path without a family does not ask for it', () => {
	assert.deepEqual(setOf([name], [4]).begin(0), [{ source: 0, name: 'a.test', type: 'A' }]);
	assert.deepEqual(setOf([name], [6]).begin(0), [{ source: 0, name: 'a.test', type: 'AAAA' }]);
	const none = setOf([name], []);
	assert.deepEqual(none.begin(0), []);
	assert.equal(none.settled('tcp'), true);
	assert.deepEqual(untried(none), []);
});

test('H-18 nothing but addresses is asked for', () => {
	assert.deepEqual(
		setOf([name])
			.begin(0)
			.map(({ type }) => type),
		['AAAA', 'A'],
	);
});

/** draft-ietf-happy-happyeyeballs-v3 §4.2.2, those of its examples that have no SVCB in them; then the other cases of §4.2. */
const sequences: readonly (readonly [
	title: string,
	answers: readonly (readonly [number, Answer])[],
	seen: Record<number, string[]>,
])[] = [
	[
		'H-03 H-04 AAAA slightly before A: start at once, then update',
		[
			[30, AAAA(['6a', '6b'])],
			[32, A(['4a', '4b'])],
		],
		{ 30: ['6a', '6b'], 32: ['6a', '4a', '6b', '4b'] },
	],
	[
		'H-04 H-05 A first, AAAA within the resolution delay: start when it comes',
		[
			[30, A(['4a', '4b'])],
			[40, AAAA(['6a', '6b'])],
		],
		{ 40: ['6a', '4a', '6b', '4b'] },
	],
	[
		'H-04 H-05 A first, AAAA long after: start when the resolution delay has passed, then update',
		[
			[30, A(['4a', '4b'])],
			[180, AAAA(['6a', '6b'])],
		],
		{ 80: ['4a', '4b'], 180: ['6a', '4a', '6b', '4b'] },
	],
	['H-04 H-05 A first, AAAA never: start when the resolution delay has passed', [[30, A(['4a'])]], { 80: ['4a'] }],
	['H-03 H-04 AAAA first, A never: nothing waits for A', [[30, AAAA(['6a'])]], { 30: ['6a'] }],
	[
		'H-05 AAAA in the very moment the resolution delay ends still counts',
		[
			[30, A(['4a'])],
			[80, AAAA(['6a'])],
		],
		{ 80: ['6a', '4a'] },
	],
	...(['empty', 'not-found', 'failed', 'timed-out'] as const).flatMap((status): typeof sequences => [
		[
			`H-04 H-06 AAAA ${status} after A: that ends the resolution delay`,
			[
				[10, A(['4a'])],
				[30, AAAA(status)],
			],
			{ 30: ['4a'] },
		],
		[
			`H-04 H-06 AAAA ${status} before A: A starts at once`,
			[
				[10, AAAA(status)],
				[30, A(['4a'])],
			],
			{ 30: ['4a'] },
		],
		[
			`H-05 H-06 A ${status} before AAAA starts no resolution delay`,
			[
				[10, A(status)],
				[300, AAAA(['6a'])],
			],
			{ 300: ['6a'] },
		],
		[
			`H-06 AAAA and A ${status}: nothing to try`,
			[
				[10, AAAA(status)],
				[20, A(status)],
			],
			{},
		],
	]),
];

for (const [title, answers, seen] of sequences) {
	test(title, () => assert.deepEqual(replay(setOf([name]), answers), seen));
}

test('H-04 on a path with IPv4 alone, A starts at once', () => {
	assert.deepEqual(replay(setOf([name], [4]), [[30, A(['4a', '4b'])]]), { 30: ['4a', '4b'] });
});

test('where IPv4 is preferred, AAAA waits for A and A for nothing', () => {
	const late = replay(setOf([name], [4, 6]), [
		[30, AAAA(['6a'])],
		[180, A(['4a'])],
	]);
	assert.deepEqual(late, { 80: ['6a'], 180: ['4a', '6a'] });
	assert.deepEqual(replay(setOf([name], [4, 6]), [[30, A(['4a'])]]), { 30: ['4a'] });
});

test('H-06 a negative answer settles its type, and a name is settled when every type is', () => {
	const set = setOf([name]);
	set.begin(0);
	assert.equal(set.settled('tcp'), false);
	set.answer(0, AAAA('failed'), 10);
	assert.equal(set.settled('tcp'), false);
	set.answer(0, A('not-found'), 20);
	assert.equal(set.settled('tcp'), true);
	assert.equal(set.deadline, Number.POSITIVE_INFINITY);
	assert.deepEqual(
		set.answers.map(({ name, answers }) => [name, ...answers.map(({ status }) => status)]),
		[['a.test', 'failed', 'not-found']],
	);
});

test('H-24 the families of a name alternate from the preferred one, each in the order of its answer', () => {
	const order = (families: (4 | 6)[], six: string[], four: string[]) => {
		const set = setOf([name], families);
		set.begin(0);
		set.answer(0, A(four), 10);
		set.answer(0, AAAA(six), 10);
		return untried(set).join(' ');
	};
	assert.equal(order([6, 4], ['6a'], ['4a', '4b', '4c']), '6a 4a 4b 4c');
	assert.equal(order([6, 4], ['6b', '6a'], ['4b', '4a']), '6b 4b 6a 4a');
	assert.equal(order([4, 6], ['6a', '6b', '6c'], ['4a']), '4a 6a 6b 6c');
	assert.equal(order([6, 4], [], ['4b', '4a']), '4b 4a');
});

test('H-24 given addresses are tried in their order, but that families alternate from that of the first', () => {
	const order = (...labels: string[]) => {
		const set = setOf([literal(labels)]);
		set.begin(0);
		return untried(set).join(' ');
	};
	assert.equal(order('4a', '6a'), '4a 6a');
	assert.equal(order('4c', '4b', '4a', '6a'), '4c 6a 4b 4a');
	assert.equal(order('6b', '6a', '4b', '4a'), '6b 4b 6a 4a');
});

test('H-10 a late IPv4 address goes ahead of the IPv6 addresses that were not started', () => {
	const set = setOf([name]);
	set.begin(0);
	set.answer(0, AAAA(['6a', '6b', '6c']), 10);
	assert.deepEqual(untried(set, ['6a']), ['6b', '6c']);
	set.answer(0, A(['4a', '4b']), 100);
	assert.deepEqual(untried(set, ['6a']), ['4a', '6b', '4b', '6c']);
	assert.deepEqual(untried(set, ['6a', '6b']), ['4a', '6c', '4b'], 'also when two were started in the meantime');
});

test('H-10 a late IPv6 address goes ahead of the IPv4 addresses that were not started', () => {
	const set = setOf([name]);
	set.begin(0);
	set.answer(0, A(['4a', '4b']), 10);
	set.wake(60);
	assert.deepEqual(untried(set, ['4a']), ['4b']);
	set.answer(0, AAAA(['6a', '6b']), 100);
	assert.deepEqual(untried(set, ['4a']), ['6a', '4b', '6b']);
});

test('H-25 one alternation goes on over what was started, however often the order is asked for', () => {
	const set = setOf([literal(['6a', '6b', '6c', '4a', '4b', '4c'])]);
	set.begin(0);
	const whole = untried(set);
	assert.deepEqual(whole, ['6a', '4a', '6b', '4b', '6c', '4c']);
	for (let started = 1; started <= whole.length; started += 1) {
		assert.deepEqual(untried(set, whole.slice(0, started)), whole.slice(started));
	}
});

test('an answer that comes again replaces the first: what is no longer in it is not started', () => {
	const set = setOf([name]);
	set.begin(0);
	set.answer(0, AAAA(['6a', '6b']), 10);
	set.answer(0, AAAA(['6c', '6b']), 200);
	assert.deepEqual(untried(set, ['6a']), ['6c', '6b']);
});

test('I-12-02 of one answer only so many addresses are taken, of each type', () => {
	const set = setOf([name], [6, 4], 2);
	set.begin(0);
	set.answer(0, AAAA(['6a', '6b', '6c', '6d']), 10);
	set.answer(0, A(['4a', '4b', '4c']), 10);
	assert.deepEqual(untried(set), ['6a', '4a', '6b', '4b']);
});

test('an address that an answer has twice counts once, and does not upset the alternation', () => {
	const set = setOf([name]);
	set.begin(0);
	set.answer(0, AAAA(['6a', '6a', '6b']), 10);
	set.answer(0, A(['4a', '4b', '4a']), 10);
	assert.deepEqual(untried(set), ['6a', '4a', '6b', '4b']);
});

test('the same address under two names is one endpoint, unless a certificate has to carry the name', () => {
	const order = (identities: (string | undefined)[]) => {
		const sources = identities.map((identity, index) => named(`${index}.test`, { identity }));
		const set = setOf(sources);
		set.begin(0);
		sources.forEach((_, source) => {
			set.answer(source, AAAA(['6a']), 10);
			set.answer(source, A('empty'), 10);
		});
		return set.untried('tcp', new Set(), undefined).map((endpoint) => `${endpoint.source.name} ${label(endpoint)}`);
	};
	assert.deepEqual(order([undefined, undefined]), ['0.test 6a']);
	assert.deepEqual(order(['0.test', '1.test']), ['0.test 6a', '1.test 6a']);
	assert.deepEqual(order(['same.test', 'same.test']), ['0.test 6a']);
});

test('the same address with another port is another endpoint', () => {
	const set = setOf([literal(['6a']), literal(['6a'], { port: 444 })]);
	set.begin(0);
	assert.deepEqual(
		set.untried('tcp', new Set(), undefined).map(({ key }) => key),
		['[2001:db8::a]:443', '[2001:db8::a]:444'],
	);
});

test('alternatives come one after the other, whoever is answered first', () => {
	const two = () => setOf([name, named('b.test')]);
	const both = replay(two(), [
		[10, AAAA(['6c']), 1],
		[12, A(['4c']), 1],
		[40, AAAA(['6a']), 0],
		[41, A(['4a']), 0],
	]);
	assert.deepEqual(both, { 40: ['6a', '6c', '4c'], 41: ['6a', '4a', '6c', '4c'] });
});

test('an alternative waits for the name before it no longer than the resolution delay', () => {
	assert.deepEqual(replay(setOf([name, named('b.test')]), [[10, AAAA(['6c']), 1]]), { 60: ['6c'] });
	assert.deepEqual(replay(setOf([name, literal(['6c'])]), []), { 50: ['6c'] });
	const late = replay(setOf([name, literal(['4c'])]), [[200, AAAA(['6a'])]]);
	assert.deepEqual(late, { 50: ['4c'], 200: ['6a', '4c'] });
});

test('an alternative waits no longer for a name that has no address', () => {
	const set = setOf([name, literal(['6c'])]);
	const seen = replay(set, [
		[10, AAAA('empty')],
		[20, A('empty')],
	]);
	assert.deepEqual(seen, { 20: ['6c'] });
});

test('while an alternative is held back nothing is settled', () => {
	const set = setOf([named('a.test', { protocols: ['quic'] }), literal(['6c'], { protocols: ['quic', 'tcp'] })]);
	set.begin(0);
	assert.equal(set.settled('tcp'), false);
	assert.equal(set.deadline, 50);
	set.wake(50);
	assert.equal(set.settled('tcp'), true);
	assert.deepEqual(untried(set), ['6c']);
});

test('known addresses start at once and never ask, and a name after them does not hold them back', () => {
	const set = setOf([literal(['4a', '6a'], { name: 'a.test' }), named('b.test')]);
	assert.deepEqual(
		set.begin(7).map(({ source }) => source),
		[1, 1],
	);
	assert.deepEqual(untried(set), ['4a', '6a']);
	assert.equal(set.settled('tcp'), false, 'b.test may have more');
});

test('a Unix socket asks nothing and needs no address family', () => {
	const set = setOf([named('', { path: '/run/x', protocols: ['unix'] })], []);
	assert.deepEqual(set.begin(0), []);
	assert.deepEqual(untried(set, [], 'unix'), ['/run/x']);
	assert.deepEqual(untried(set, [], 'tcp'), []);
	assert.equal(set.settled('unix'), true);
});

test('known addresses of a family that the path does not have are left out', () => {
	const set = setOf([literal(['6a', '4a', '6b'])], [4]);
	set.begin(0);
	assert.deepEqual(untried(set), ['4a']);
});

test('a source for one protocol is neither tried nor waited for by another', () => {
	const set = setOf([named('a.test', { protocols: ['quic'] }), literal(['6c'])]);
	set.begin(0);
	assert.deepEqual(untried(set, [], 'tcp'), ['6c']);
	assert.equal(set.settled('tcp'), true);
	assert.equal(set.settled('quic'), false);
	set.answer(0, AAAA(['6a']), 60);
	assert.deepEqual(untried(set, [], 'tcp'), ['6c']);
	assert.deepEqual(untried(set, [], 'quic'), ['6a']);
});
