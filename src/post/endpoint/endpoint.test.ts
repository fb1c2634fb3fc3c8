/** How endpoints are written, what they are, and that nothing is asked before it is needed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { provideDefaultStack } from '../../stack/registry.ts';
import { memory } from '../../stacks/memory/memory.ts';
import { parseTarget } from './grammar.ts';
import { Local, type LocalInit } from './local.ts';
import { Remote, type RemoteLike } from './remote.ts';

const stack = memory({
	clock: virtualClock(),
	names: {
		'api.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] },
		'b.test': { A: ['192.0.2.9'] },
		'mute.test': { A: { status: 'timed-out' }, AAAA: { status: 'timed-out' } },
	},
});
provideDefaultStack(() => stack);

const refused = (advice: RegExp) => (error: unknown) => {
	assert.ok(error instanceof PostSocketsError && error.code === 'bad-argument', String(error));
	assert.match(error.message, advice);
	return true;
};

describe('the grammar', () => {
	const good: readonly [string, string][] = [
		['example.com:443', 'example.com:443'],
		['EXAMPLE.com:https', 'EXAMPLE.com:443'],
		['example.com.:443', 'example.com.:443'],
		['192.0.2.1:80', '192.0.2.1:80'],
		['[2001:DB8::1]:80', '[2001:db8::1]:80'],
		['[fe80::1%eth0]:80', '[fe80::1%eth0]:80'],
		['tcp://example.com:80', 'tcp://example.com:80'],
		['TLS://example.com:80', 'tls://example.com:80'],
		['tcp://example.com:80/', 'tcp://example.com:80'],
		['unix:/run/x', 'unix:/run/x'],
		['unix:///run/x', 'unix:/run/x'],
		['UNIX:/run/x', 'unix:/run/x'],
	];
	for (const [text, canonical] of good) {
		test(text, () => assert.equal(String(Remote.from(text)), canonical));
	}

	const bad: readonly [string, RegExp][] = [
		['', /port is missing/],
		['example.com', /the port is missing; write host:port/],
		['https://example.com', /port is missing/],
		['example.com:', /neither a port/],
		['example.com:65536', /neither a port from 0 to 65535 nor a service/],
		['example.com:0', /ports go from 1 to 65535/],
		['example.com:-1', /neither a port/],
		['example.com:+80', /neither a port/],
		['example.com:80 ', /port is missing|not an endpoint|one colon/],
		['2001:db8::1:443', /stands in brackets/],
		['::1', /stands in brackets/],
		['[192.0.2.1]:80', /belongs an IPv6 address/],
		['[::1]', /port/],
		['tcp://example.com:80/path', /nothing follows the port/],
		['example.com:80?x', /nothing follows the port/],
		['user@example.com:80', /not an endpoint/],
		['host:name:80', /one colon/],
		['256.1.1.1:80', /looks like an IPv4 address/],
		['0x7f000001:80', /looks like an IPv4 address/],
		['1.2.3:80', /looks like an IPv4 address/],
		[`${'x'.repeat(64)}.com:80`, /1 to 63 characters/],
		['a..b:80', /1 to 63 characters/],
		[':80', /names no host to reach/],
		['*:80', /names no host to reach/],
		['unix:', /not an endpoint|neither a port/],
		['unix://', /not an endpoint/],
	];
	for (const [text, advice] of bad) {
		test(`T-6.1-03 "${text}" is refused, with advice`, () => assert.throws(() => Remote.from(text), refused(advice)));
	}

	test('no text makes it throw anything but bad-argument', () => {
		const pieces = fc.array(
			fc.constantFrom(
				'[',
				']',
				':',
				'/',
				'//',
				'%',
				'.',
				'*',
				'::1',
				'127.0.0.1',
				'unix',
				'tcp',
				'a',
				'80',
				'\0',
				'@',
				'?',
				' ',
				'ü',
				'\n',
			),
		);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({ unit: 'binary' }),
					pieces.map((parts) => parts.join('')),
				),
				(text) => {
					for (const parse of [parseTarget, Remote.from, Local.from] as ((text: string) => unknown)[]) {
						try {
							parse(text);
						} catch (error) {
							assert.ok(
								error instanceof PostSocketsError && error.code === 'bad-argument',
								`${JSON.stringify(text)}: ${error}`,
							);
						}
					}
				},
			),
			{ numRuns: 5_000 },
		);
	});

	test('what is written is read again as the same', () => {
		for (const [text] of good) {
			const remote = Remote.from(text);
			assert.deepEqual(Remote.from(String(remote)), remote);
		}
	});

	test('URL objects: a port that URL has dropped is put back', () => {
		assert.equal(String(Remote.from(new URL('tcp://example.com:80'))), 'tcp://example.com:80');
		assert.equal(String(Remote.from(new URL('https://example.com:443'))), 'https://example.com:443');
		assert.equal(String(Remote.from(new URL('wss://[::1]/'))), 'wss://[::1]:443');
		assert.equal(String(Remote.from(new URL('unix:/run/a%20b'))), 'unix:/run/a b');
		assert.throws(() => Remote.from(new URL('https://example.com/path')), refused(/nothing follows the port/));
		assert.throws(() => Remote.from(new URL('tcp://example.com')), refused(/port is missing/));
		assert.throws(() => Remote.from(new URL('https://user@example.com')), refused(/not an endpoint/));
	});
});

describe('Remote', () => {
	test('T-6.1-08 one identifier of each kind, and none is left out without a word', () => {
		const bad: readonly [RemoteLike, RegExp][] = [
			[{ hostName: 'a.test', port: 1, service: 'http' }, /not both/],
			[{ port: 1 }, /needs a hostName, addresses or a path/],
			[{ hostName: 'a.test' }, /needs a port or a service/],
			[{ hostName: 'a.test', service: 'nonsense' }, /do not know the port/],
			[{ hostName: 'a.test', port: 70_000 }, /1 to 65535/],
			[{ hostName: '127.0.0.1', port: 1 }, /is an address, not a host name/],
			[{ hostName: '::1', port: 1 }, /is an address, not a host name/],
			[{ hostName: 'a.test/x', port: 1 }, /character no host name has/],
			[{ hostName: 'a.test:80', port: 1 }, /character no host name has/],
			[{ path: '/run/x', port: 1 }, /with a path has no port/],
			[{ path: '/run/x', hostName: 'a.test' }, /with a path has no hostName/],
			[{ path: '/run/x', scheme: 'tls' }, /not reached by tls/],
			[{ scheme: 'unix', hostName: 'a.test', port: 1 }, /needs a path/],
			[[], /empty list/],
			[null as never, /names no Remote/],
			[42 as never, /names no Remote/],
		];
		for (const [like, advice] of bad) assert.throws(() => Remote.from(like), refused(advice), JSON.stringify(like));
	});

	test('T-6.1-05 addresses in text and as values, services by name', () => {
		const remote = new Remote({
			hostName: 'a.test',
			addresses: ['192.0.2.1', IpAddress.parse('2001:db8::1')],
			service: 'https',
		});
		assert.deepEqual(
			[remote.addresses.map(String), remote.port, remote.complete],
			[['192.0.2.1', '2001:db8::1'], 443, true],
		);
		assert.equal(new Remote({ hostName: 'a.test', port: 1 }).complete, false);
	});

	test('T-6.1-06 T-6.1-07 T-6.1.2-01 a zone by `interface` or in the address is the same; global addresses have none', () => {
		const by = new Remote({ addresses: ['fe80::1', '2001:db8::1', '192.0.2.1'], interface: 'en0', port: 1 });
		assert.deepEqual(by, new Remote({ addresses: ['fe80::1%en0', '2001:db8::1', '192.0.2.1'], port: 1 }));
		assert.equal(
			String(new Remote({ addresses: ['fe80::1%en1'], interface: 'en0', port: 1 }).addresses[0]),
			'fe80::1%en1',
		);
	});

	test('P-63 G-09 alternatives, nested as one likes, in their order', () => {
		const remote = Remote.from([
			'a.test:1',
			['b.test:2', new Remote({ hostName: 'c.test', port: 3, alternatives: 'd.test:4' })],
			'e.test:5',
		]);
		assert.deepEqual(remote.all.map(String), ['a.test:1', 'b.test:2', 'c.test:3', 'd.test:4', 'e.test:5']);
	});

	test('P-61 T-6.1-02 T-6.1-11 I-4.2.1-03 resolve() gives more specific Remotes, only then, and again', async () => {
		const remote = Remote.from(['tls://api.test:443', '192.0.2.77:1', { path: '/run/x' }, 'b.test:2']);
		assert.deepEqual([remote.complete, stack.sockets.questions], [false, 0]);
		const resolved = await remote.resolve({ stack });
		assert.deepEqual(
			resolved.map((each) => [each.complete, each.path ?? String(each.addresses[0]), each.hostName, each.port]),
			[
				[true, '2001:db8::1', 'api.test', 443],
				[true, '192.0.2.1', 'api.test', 443],
				[true, '192.0.2.2', 'api.test', 443],
				[true, '192.0.2.77', undefined, 1],
				[true, '/run/x', undefined, undefined],
				[true, '192.0.2.9', 'b.test', 2],
			],
		);
		assert.deepEqual(await resolved[0]!.resolve({ stack }), [resolved[0]]);
		assert.deepEqual(await Remote.from('nobody.test:1').resolve({ stack }), []);
		await assert.rejects(Remote.from('mute.test:1').resolve({ stack }), { code: 'dns-timeout' });
		await assert.rejects(remote.resolve({ stack, signal: AbortSignal.abort() }), { code: 'aborted' });
	});
});

describe('Local', () => {
	const phone = memory({
		clock: virtualClock(),
		interfaces: [
			{ name: 'lo', addresses: ['127.0.0.1', '::1'], type: 'loopback' },
			{ name: 'wlan0', addresses: ['198.51.100.5', '2001:db8:2::5', 'fe80::5'], type: 'wi-fi' },
			{ name: 'wwan0', addresses: ['203.0.113.5', 'fe80::5'], type: 'cellular' },
		],
		names: {
			'phone.test': { A: ['198.51.100.5', '192.0.2.1'], AAAA: ['::1'] },
			'mute.test': { A: { status: 'timed-out' }, AAAA: { status: 'timed-out' } },
		},
	});
	const resolved = async (init: LocalInit) =>
		(await Local.from({ ...init, stack: phone }).resolve()).map((local) => `${local.interface} ${local}`);

	test('P-65 I-4.2.1-01 resolve() gives one for each address of each interface, both families', async () => {
		assert.deepEqual(await resolved({ scheme: 'tcp', port: 80 }), [
			'lo tcp://127.0.0.1:80',
			'lo tcp://[::1]:80',
			'wlan0 tcp://198.51.100.5:80',
			'wlan0 tcp://[2001:db8:2::5]:80',
			'wlan0 tcp://[fe80::5%wlan0]:80',
			'wwan0 tcp://203.0.113.5:80',
			'wwan0 tcp://[fe80::5%wwan0]:80',
		]);
		const pvds = ['home'];
		const [first, ...others] = await new Local({ pvds, stack: phone }).resolve();
		assert.deepEqual([others.length, first!.pvds, first!.stack === phone], [6, pvds, true]);
		assert.deepEqual(await first!.resolve(), [first]);
		phone.devices.delete('wlan0');
		assert.equal((await new Local({ stack: phone }).resolve()).length, 4, 'as they are now');
		phone.devices.set({ name: 'wlan0', addresses: ['198.51.100.5', '2001:db8:2::5'] });
	});

	test('P-65 of what it names: an interface, an address, a family, a host', async () => {
		assert.deepEqual(await resolved({ interface: 'wwan0' }), ['wwan0 203.0.113.5:0', 'wwan0 [fe80::5%wwan0]:0']);
		assert.deepEqual(await resolved({ address: '::1' }), ['lo [::1]:0']);
		assert.deepEqual(await resolved({ address: '::1', interface: 'wlan0' }), []);
		assert.deepEqual(await resolved({ address: 'fe80::5' }), ['wwan0 [fe80::5%wwan0]:0']);
		assert.deepEqual(await resolved({ address: '0.0.0.0', interface: 'wwan0' }), ['wwan0 203.0.113.5:0']);
		assert.deepEqual(await resolved({ hostName: 'phone.test' }), ['lo [::1]:0', 'wlan0 198.51.100.5:0']);
		assert.deepEqual(await resolved({ hostName: 'nobody.test' }), []);
		await assert.rejects(resolved({ hostName: 'mute.test' }), { code: 'dns-timeout' });
		assert.deepEqual(await resolved({ path: '/run/x' }), ['undefined unix:/run/x']);
		const { name, clock, features, resolver } = phone;
		const dumb = { name, clock, features, resolver, close: () => phone.close() };
		const local = new Local({ stack: dumb });
		assert.deepEqual(await local.resolve(), [local]);
		const named = await new Local({ hostName: 'phone.test', stack: dumb }).resolve();
		assert.deepEqual(named.map(String), ['[::1]:0', '198.51.100.5:0', '192.0.2.1:0']);
	});

	test('T-6.1-01 is no Remote', () => {
		const local = new Local({ hostName: 'a.test', port: 1, stack });
		assert.throws(() => Remote.from(local as never), refused(/a place to come from/));
		assert.throws(() => Remote.from(['b.test:1', local as never]), refused(/a place to come from/));
	});
});

test('Local: as it is written, its defaults and its bounds', () => {
	assert.equal(String(Local.from('tcp://localhost:80')), 'tcp://localhost:80');
	assert.equal(String(Local.from(':80')), '*:80');
	assert.equal(String(Local.from({ address: '::1', stack })), '[::1]:0');
	assert.equal(String(Local.from({ path: '/run/x', stack })), 'unix:/run/x');
	const pvds = ['home'];
	const { pvds: kept } = Local.from({ pvds, stack });
	pvds.push('away');
	assert.deepEqual([kept, Local.from({ stack }).pvds], [['home'], undefined]);
	assert.throws(() => Local.from({ port: -1, stack }), refused(/0 to 65535/));
	assert.throws(() => Local.from({ hostName: '127.0.0.1', stack }), refused(/address/));
	assert.throws(() => Local.from({ address: 'x', stack }), refused(/x/));
	assert.throws(() => Local.from({ stack: '/net/nowhere' }), refused(/nothing is mounted|no stack/));
});
