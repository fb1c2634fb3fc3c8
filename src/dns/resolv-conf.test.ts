import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSocketAddress } from '../base/socket-address.ts';
import { parseHosts } from './hosts.ts';
import { mostSearch, mostServers, parseResolvConf, parseServer } from './resolv-conf.ts';
import { searchNames } from './search.ts';

function conf(...lines: string[]) {
	const { servers, ...rest } = parseResolvConf(lines.join('\n'));
	return { servers: servers.map(formatSocketAddress), ...rest };
}

const nothing = { servers: ['127.0.0.1:53'], search: [], ndots: undefined, timeout: undefined, attempts: undefined };

describe('resolv.conf', () => {
	test('servers with zones and ports, in order', () => {
		const lines = ['192.0.2.53', '2001:db8::53', 'fe80::1%eth0', '192.0.2.54:5353', '[2001:db8::54]:5353'];
		const { servers } = conf(...lines.map((line) => `nameserver ${line}`), 'nameserver\t192.0.2.55 # trailing');
		assert.deepEqual(servers, [
			'192.0.2.53:53',
			'[2001:db8::53]:53',
			'[fe80::1%eth0]:53',
			'192.0.2.54:5353',
			'[2001:db8::54]:5353',
			'192.0.2.55:53',
		]);
	});

	test('the last of search and domain counts', () => {
		assert.deepEqual(conf('domain a.test', 'search B.test\tc.test.').search, ['B.test', 'c.test']);
		assert.deepEqual(conf('search b.test c.test', 'domain a.test x').search, ['a.test']);
		assert.deepEqual(conf('search a..b .').search, ['.']);
		assert.deepEqual(conf('search a.test', 'search').search, []);
	});

	test('options, within what resolv.conf(5) allows', () => {
		const options = (text: string) => {
			const { ndots, timeout, attempts } = conf(`options ${text}`);
			return [ndots, timeout, attempts];
		};
		assert.deepEqual(options('ndots:2 timeout:3 attempts:4 rotate edns0'), [2, 3000, 4]);
		assert.deepEqual(options('ndots:99 timeout:99 attempts:99'), [15, 30_000, 5]);
		assert.deepEqual(options('ndots:0 timeout:0 attempts:0'), [0, 1000, 1]);
		assert.deepEqual(options('ndots:-1 timeout:x attempts'), [undefined, undefined, undefined]);
	});

	test('what is not understood is passed over, and without a server it is this host', () => {
		assert.deepEqual(conf(), nothing);
		assert.deepEqual(
			conf('# comment', '; comment', ' nameserver 192.0.2.1', '#nameserver 192.0.2.1', 'sortlist x'),
			nothing,
		);
		assert.deepEqual(
			conf('nameserver', 'nameserver dns.test', 'nameserver 192.0.2.256', 'nameserver [192.0.2.1]:53'),
			nothing,
		);
		assert.deepEqual(conf('nameserver 192.0.2.1\r').servers, ['192.0.2.1:53']);
	});

	test('it is bounded', () => {
		const servers = conf(...Array.from({ length: 300 }, (_, index) => `nameserver 192.0.2.${index % 256}`)).servers;
		assert.equal(servers.length, mostServers);
		assert.equal(conf(`search ${'a.test '.repeat(100)}`).search.length, mostSearch);
	});

	test('any text is one', () => {
		const word = fc.constantFrom(
			'nameserver',
			'search',
			'options',
			'domain',
			'192.0.2.1',
			'::1',
			'ndots:3',
			'\n',
			'#',
			' ',
		);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc.array(word).map((words) => words.join(' ')),
				),
				(text) => {
					assert.ok(parseResolvConf(text).servers.length > 0);
					parseHosts(text);
				},
			),
		);
	});

	test('a server that is none throws', () => {
		for (const text of ['', 'dns.test', '192.0.2.1:0', '192.0.2.1:65536', '[::1]', '::1:', '192.0.2.1:']) {
			assert.throws(() => parseServer(text), { code: 'bad-argument' }, text);
		}
	});
});

test('hosts: addresses, aliases, comments, zones, any case and any blank', () => {
	const text = [
		'127.0.0.1\tlocalhost',
		'# 192.0.2.9 commented',
		'  192.0.2.1   One.TEST one\talias. # and a comment two',
		'192.0.2.2 one.test',
		'192.0.2.1 one.test',
		'fe80::1%eth0 router.test',
		'192.0.2.3',
		'192.0.2.256 name.test',
		'2001:DB8::7 constructor\r',
	].join('\n');
	assert.deepEqual(Object.fromEntries([...parseHosts(text)].map(([name, list]) => [name, list.map(String)])), {
		localhost: ['127.0.0.1'],
		'one.test': ['192.0.2.1', '192.0.2.2'],
		one: ['192.0.2.1'],
		alias: ['192.0.2.1'],
		'router.test': ['fe80::1%eth0'],
		constructor: ['2001:db8::7'],
	});
});

test('search: few dots are tried with domains first, many last, a final dot never', () => {
	const search = ['a.test', 'b.test'];
	assert.deepEqual(searchNames('x', false, search, 1), ['x.a.test', 'x.b.test', 'x']);
	assert.deepEqual(searchNames('x.y', false, search, 1), ['x.y', 'x.y.a.test', 'x.y.b.test']);
	assert.deepEqual(searchNames('x.y', false, search, 2), ['x.y.a.test', 'x.y.b.test', 'x.y']);
	assert.deepEqual(searchNames('x', false, search, 0), ['x', 'x.a.test', 'x.b.test']);
	assert.deepEqual(searchNames('x', true, search, 1), ['x']);
	assert.deepEqual(searchNames('.', true, search, 1), ['.']);
	assert.deepEqual(searchNames('x', false, ['.', 'a.test'], 1), ['x', 'x.a.test']);
	assert.deepEqual(searchNames('x\\.y', false, search, 1), ['x\\.y.a.test', 'x\\.y.b.test', 'x\\.y']);
});
