import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import type { Stack } from '../../stack/stack.ts';
import type { MemoryInterface } from '../../stacks/memory/devices.ts';
import { type MemoryOptions, memory } from '../../stacks/memory/memory.ts';
import { Local, type LocalInit } from '../endpoint/local.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { tcp, unix } from '../transport/plain.ts';
import { udp } from '../transport/udp.ts';
import { type Gathering, gather } from './gather.ts';

const laptop: readonly MemoryInterface[] = [
	{ name: 'lo', addresses: ['127.0.0.1', '::1'], type: 'loopback', temporary: [] },
	{
		name: 'eth0',
		addresses: ['192.0.2.5', 'fe80::5', '2001:db8:1::5', '2001:db8:1::77'],
		type: 'wired',
		temporary: ['2001:db8:1::77'],
	},
	{ name: 'wlan0', addresses: ['198.51.100.5', '2001:db8:2::5'], type: 'wi-fi', temporary: [] },
	{ name: 'wwan0', addresses: ['203.0.113.5'], type: 'cellular', temporary: [] },
	{ name: 'veth1', addresses: ['fe80::9'], type: 'virtual', temporary: [] },
];

const host = (options: MemoryOptions = {}) => memory({ interfaces: laptop, ...options });

/** A stack with these abilities and no others. */
function only(abilities: Partial<Stack>): Stack {
	const { name, clock, features } = memory();
	return { name, clock, features, close: async () => {}, ...abilities };
}

const connect = () => assert.fail('nothing is opened here');

function paths(policy: Policy, local: LocalInit | readonly LocalInit[] = {}, more: Partial<Gathering> = {}) {
	const stack = host();
	const locals = [local].flat().map((init) => new Local({ stack, ...init }));
	return gather({ locals, transports: [tcp], policy: settle('initiate', policy), ...more });
}

const names = (...args: Parameters<typeof paths>) => paths(...args).map(({ name }) => name);

function refusal(...args: Parameters<typeof paths>): PostSocketsError {
	try {
		paths(...args);
	} catch (error) {
		if (error instanceof PostSocketsError) return error;
	}
	return assert.fail('there is a path');
}

describe('where the policy has no wish', () => {
	test('each Local is one path, the choice of its stack, whose interfaces are not asked for', () => {
		const stack = host();
		stack.interfaces = () => assert.fail('asked');
		const policies: Policy[] = [{}, { interface: { wlan0: 'none' } }, { useTemporaryLocalAddress: 'prefer' }];
		for (const policy of policies) {
			const [path, ...others] = paths(policy, { stack });
			assert.deepEqual([path!.name, path!.addresses, path!.families, others], ['memory', undefined, [6, 4], []]);
		}
	});

	test('T-6-06 several Locals are several paths, in their order', () => {
		const [one, other] = [host({ name: 'one' }), host({ name: 'other' })];
		assert.deepEqual(names({}, [{ stack: other }, { stack: one, address: '192.0.2.5' }]), ['other', 'one']);
		assert.deepEqual(
			paths({}, [{ address: '192.0.2.5' }, {}], { family: 4 }).map(({ families }) => families),
			[[4], [4, 6]],
		);
	});
});

test('I-4.2.1-02 gathering asks the stack for its interfaces, and contacts nobody', () => {
	const forbidden = () => assert.fail('somebody was contacted');
	const stack = only({
		connect: forbidden,
		bind: forbidden,
		resolver: { resolve: forbidden },
		interfaces: () => host().interfaces(),
	} as never);
	assert.deepEqual(names({ interface: { wlan0: 'require' } }, { stack }), ['wlan0']);
	assert.ok(names({ interface: { wlan0: 'prohibit' } }, { stack }).length > 0);
	assert.deepEqual(names({}, { stack }), ['memory']);
});

describe('interfaces', () => {
	// biome-ignore format: one row, one line
	const rows: readonly (readonly [why: string, policy: Policy['interface'], paths: readonly string[]])[] = [
		['preferred, then the choice of the stack', { wlan0: 'prefer' }, ['wlan0', 'memory']],
		['preferred by type', { cellular: 'prefer', wifi: 'prefer' }, ['wlan0', 'wwan0', 'memory']],
		['preferred and not there', { satellite0: 'prefer', 'WI-FI': 'none' }, ['memory']],
		['prohibited: what the stack would choose is not known, so it is not taken', { cellular: 'prohibit' }, ['eth0', 'wlan0', 'lo']],
		['avoided', { wlan0: 'avoid' }, ['eth0', 'wwan0', 'lo', 'wlan0']],
		['required', { eth0: 'require' }, ['eth0']],
		['required by type, prohibited by name', { wired: 'require', wlan0: 'prohibit' }, ['eth0']],
		['T-6.2.11 T-6.1.2-03 several wishes at once', { wlan0: 'prefer', cellular: 'prohibit' }, ['wlan0', 'eth0', 'lo']],
	];
	for (const [why, policy, expected] of rows) {
		test(why, () => assert.deepEqual(names({ interface: policy }), expected));
	}

	test('T-6.2.11d what is required and not there fails, and the error lists what is there', () => {
		assert.deepEqual(names({ interface: { wlan0: 'require' } }), ['wlan0']);
		const error = refusal({ interface: { wlan9: 'require' } });
		assert.equal(error.code, 'no-candidates');
		assert.equal(
			error.message,
			'no interface wlan9 is up here, and nothing else may be used; there are: ' +
				'lo (loopback), eth0 (wired), wlan0 (wi-fi), wwan0 (cellular), veth1 (virtual)',
		);
	});

	test('what rules everything out says what speaks against each', () => {
		const { code, message } = refusal({ interface: { eth0: 'require', wlan0: 'require' } });
		assert.equal(code, 'no-candidates');
		assert.match(message, /wlan0 is not on eth0 \(interface "eth0" is required\)/);
		assert.match(message, /veth1 has no address that reaches beyond its link/);
	});

	test('T-6.1-16 T-6.1.2-02 the interface of a Local is a hard restriction, which a policy may contradict', () => {
		assert.deepEqual(names({ interface: { wlan0: 'prefer' } }, { interface: 'eth0' }), ['eth0']);
		assert.match(
			refusal({ interface: { eth0: 'prohibit' } }, { interface: 'eth0' }).message,
			/eth0 is on eth0 \(inter/,
		);
		assert.match(refusal({ interface: { wlan0: 'require' } }, { interface: 'eth0' }).message, /eth0 is not on wlan0/);
		assert.match(
			refusal({ interface: { wlan0: 'prefer' } }, { interface: 'en9' }).message,
			/no interface en9 is up here/,
		);
	});

	test('an address of a Local is on the interface that has it', () => {
		const [path] = paths({ interface: { 'wi-fi': 'require' } }, { address: '198.51.100.5' });
		assert.deepEqual([path!.name, path!.addresses?.map(String), path!.families], ['wlan0', ['198.51.100.5'], [4]]);
		assert.match(refusal({ interface: { 'wi-fi': 'require' } }, { address: '192.0.2.5' }).message, /not on wi-fi/);
		assert.match(
			refusal({ interface: { eth0: 'prefer' } }, { address: '192.0.2.99' }).message,
			/memory has no 192\.0\.2\.99/,
		);
		assert.deepEqual(names({ interface: { eth0: 'prefer' } }, { address: 'fe80::5' }), ['eth0']);
	});

	test('of several stacks each has its own', () => {
		const [home, vpn] = [
			host({ name: 'home' }),
			host({ name: 'vpn', interfaces: [{ name: 'eth0', addresses: ['10.0.0.1'] }] }),
		];
		const policy: Policy = { interface: { eth0: 'require' } };
		assert.deepEqual(names(policy, [{ stack: vpn }, { stack: home }]), ['eth0 of vpn', 'eth0 of home']);
	});

	test('a stack that does not tell its interfaces fulfils a preference, not a requirement and no prohibition', () => {
		const mute = only({ name: 'mute', connect });
		assert.deepEqual(names({ interface: { wlan0: 'prefer' } }, { stack: mute }), ['mute']);
		assert.match(refusal({ interface: { wlan0: 'require' } }, { stack: mute }).message, /mute may not be on wlan0/);
		assert.match(refusal({ interface: { wlan0: 'prohibit' } }, { stack: mute }).message, /mute may be on wlan0/);
	});

	test('a Unix socket is on no interface', () => {
		const transports = [unix];
		for (const stack of [host()]) {
			assert.deepEqual(names({ interface: { wlan0: 'prohibit' } }, { stack }, { transports }), ['memory']);
			assert.deepEqual(names({ interface: { wlan0: 'prefer' } }, { stack }, { transports }), ['memory']);
			assert.match(
				refusal({ interface: { eth0: 'require' } }, { stack }, { transports }).message,
				/memory is not on eth0/,
			);
		}
		const mixed = paths({ interface: { wlan0: 'require' } }, {}, { transports: [unix, tcp] });
		assert.deepEqual(
			mixed.map(({ name, transports }) => [name, transports]),
			[['wlan0', [tcp]]],
		);
	});
});

test('T-6.2.12 provisioning domains are those that a Local says it is in', () => {
	const locals = [
		{ interface: 'wwan0', pvds: ['operator.example'] },
		{ interface: 'eth0', pvds: ['corp.example', '7'] },
		{},
	];
	const domains = (pvd: Policy['pvd']) => paths({ pvd }, locals).map(({ local }) => local.interface);
	assert.deepEqual(domains({ 'Corp.Example': 'prefer' }), ['eth0', 'wwan0', undefined]);
	assert.deepEqual(domains({ '7': 'require' }), ['eth0']);
	assert.deepEqual(domains({ 'operator.example': 'prohibit' }), ['eth0'], 'of the third nothing is known');
	assert.match(refusal({ pvd: { home: 'require' } }).message, /may not be on home \(pvd "home" is required\)/);
});

describe('temporary addresses', () => {
	const sources = (policy: Policy, local: LocalInit = {}) =>
		Object.fromEntries(paths(policy, local).map(({ name, addresses }) => [name, addresses?.map(String)]));

	test('T-6.2.13 I-4.1.1-05 required: only those, so no IPv4; preferred: IPv6 first; the default is by the action', () => {
		const [prefer, ...avoid] = (['initiate', 'listen', 'rendezvous'] as const).map(
			(action) => settle(action).selection.useTemporaryLocalAddress,
		);
		assert.deepEqual([prefer, avoid], ['prefer', ['avoid', 'avoid']]);
		assert.deepEqual(paths({ useTemporaryLocalAddress: 'prefer' })[0]!.families, [6, 4]);
		assert.deepEqual(sources({ useTemporaryLocalAddress: 'require' }), { eth0: ['2001:db8:1::77'] });
		assert.equal(refusal({ useTemporaryLocalAddress: 'require' }, { interface: 'wwan0' }).code, 'no-candidates');
	});

	test('prohibited: what is known to last', () => {
		const { eth0, wwan0 } = sources({ useTemporaryLocalAddress: 'prohibit' });
		assert.deepEqual([eth0, wwan0], [['2001:db8:1::5', '192.0.2.5'], ['203.0.113.5']]);
	});

	test('avoided: they come last', () => {
		const { eth0 } = sources({ useTemporaryLocalAddress: 'avoid' });
		assert.deepEqual(eth0, ['2001:db8:1::5', '192.0.2.5', '2001:db8:1::77']);
	});

	test('preferred, as by default, on an interface that was named: they come first', () => {
		const { eth0 } = sources({ interface: { eth0: 'require' } });
		assert.deepEqual(eth0, ['2001:db8:1::77', '2001:db8:1::5', '192.0.2.5']);
	});
});

test('a type that a stack does not tell is not said to be missing', () => {
	const stack = host({ interfaces: [{ name: 'en0', addresses: ['192.0.2.5'] }] });
	const { message } = refusal({ interface: { 'wi-fi': 'require' } }, { stack });
	assert.equal(message, 'nothing fits the policy: en0 may not be on wi-fi (interface "wi-fi" is required)');
});

test('a listener is given the addresses of the interfaces it may stand on', () => {
	const policy = settle('listen', { interface: { wlan0: 'require' } });
	const [path, ...others] = paths({}, {}, { policy });
	assert.deepEqual([path!.addresses!.map(String), others], [['2001:db8:2::5', '198.51.100.5'], []]);
});

test('an address of the link is taken only where the remote is on the link', () => {
	const of = (linkLocal: boolean) =>
		paths({ interface: { eth0: 'require' } }, {}, { linkLocal })[0]!.addresses!.map(String);
	assert.ok(!of(false).includes('fe80::5%eth0'));
	assert.ok(of(true).includes('fe80::5%eth0'));
});

test('each path has the transports that its stack can carry, in their order', () => {
	const [one, other] = paths({}, [{ stack: only({ connect }) }, {}], { transports: [udp, tcp] });
	assert.deepEqual([one!.transports, other!.transports], [[tcp], [udp, tcp]]);
});

test('a stack that can open nothing is no path', () => {
	const stack = only({ name: 'still' });
	assert.match(refusal({}, { stack }).message, /no stack here can open connections \(still\)/);
});
