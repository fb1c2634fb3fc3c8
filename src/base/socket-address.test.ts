import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from './address.ts';
import { PostSocketsError } from './errors.ts';
import {
	formatSocketAddress as format,
	isUnix,
	parseSocketAddress as parse,
	parsePort,
	type SocketAddress,
	sameSocketAddress,
} from './socket-address.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const ipEnd = fc
	.tuple(
		fc.oneof(
			fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => IpAddress.from(bytes)),
			fc
				.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.constantFrom(undefined, 'eth0', 'a:80', '2'))
				.map(([bytes, zone]) => IpAddress.from(bytes, zone)),
		),
		port,
	)
	.map(([address, port]): SocketAddress => ({ address, port }));
const path = fc.string({ unit: fc.constantFrom('\0', '@', '/', '.', ':', 'a', '[', ' '), minLength: 1, maxLength: 6 });

test('each kind of place has one text', () => {
	const address = (text: string) => IpAddress.parse(text);
	const cases: [end: SocketAddress, text: string][] = [
		[{ address: address('192.0.2.1'), port: 443 }, '192.0.2.1:443'],
		[{ address: address('0.0.0.0'), port: 0 }, '0.0.0.0:0'],
		[{ address: address('::1'), port: 80 }, '[::1]:80'],
		[{ address: address('::ffff:192.0.2.1'), port: 80 }, '[::ffff:192.0.2.1]:80'],
		[{ address: address('fe80::1%eth0'), port: 65_535 }, '[fe80::1%eth0]:65535'],
		[{ path: '/run/x' }, 'unix:/run/x'],
		[{ path: '/run/a@b:80' }, 'unix:/run/a@b:80'],
		[{ path: '\0name' }, 'unix:@name'],
		[{ path: '\0a\0b' }, 'unix:@a\0b'],
	];
	for (const [end, text] of cases) {
		assert.equal(format(end), text);
		assert.deepEqual(parse(text), end);
		assert.equal(isUnix(end), text.startsWith('unix:'));
	}
});

test('[::1]:80 keeps port 80', () => {
	assert.deepEqual(parse('[::1]:80'), { address: IpAddress.loopback6, port: 80 });
});

test('a path that begins with @ is not taken for an abstract name', () => {
	assert.equal(format({ path: '@x' }), 'unix:./@x');
	assert.deepEqual(parse('unix:./@x'), { path: './@x' });
});

test('bad forms are refused, with the good ones named', () => {
	for (const text of [
		'',
		':',
		':80',
		'80',
		'192.0.2.1',
		'192.0.2.1:',
		'192.0.2.1:65536',
		'192.0.2.1:100000',
		'192.0.2.1:-1',
		'192.0.2.1:+1',
		'192.0.2.1:1.0',
		'192.0.2.1:0x50',
		'192.0.2.1: 80',
		'192.0.2.1:80 ',
		'192.0.2.1:80\n',
		' 192.0.2.1:80',
		'192.0.2.1:80:80',
		'[192.0.2.1]:80',
		'192.0.2.1%eth0:80',
		'::1',
		'::1:80',
		'[::1]',
		'[::1]:',
		'[::1]80',
		'[]:80',
		'[[::1]]:80',
		'x[::1]:80',
		'[::1%]:80',
		'example.com:80',
		'unix:',
		'UNIX:/x',
	]) {
		assert.throws(
			() => parse(text),
			(error) =>
				error instanceof PostSocketsError &&
				error.code === 'bad-argument' &&
				error.message.includes('192.0.2.1:80, [2001:db8::1]:80 or unix:/path'),
			JSON.stringify(text),
		);
	}
});

test('a port is 0 to 65535 in decimal', () => {
	assert.equal(parsePort('0'), 0);
	assert.equal(parsePort('65535'), 65_535);
	for (const digits of [
		undefined,
		'',
		'65536',
		'99999',
		'100000',
		'-1',
		'+1',
		'1.0',
		'1e3',
		'0x50',
		' 80',
		'80 ',
		'80\n',
	]) {
		assert.equal(parsePort(digits), undefined, JSON.stringify(digits));
	}
});

test('IP endpoints survive the text', () => {
	fc.assert(
		fc.property(ipEnd, (end) => {
			assert.deepEqual(parse(format(end)), end);
			assert.ok(sameSocketAddress(parse(format(end)), end));
		}),
	);
});

test('Unix endpoints survive the text, and two places never share one', () => {
	const spelled = (path: string) => (path.startsWith('@') ? `./${path}` : path);
	fc.assert(
		fc.property(path, path, (a, b) => {
			assert.deepEqual(parse(format({ path: a })), { path: spelled(a) });
			assert.equal(format({ path: a }) === format({ path: b }), spelled(a) === spelled(b));
		}),
		{ numRuns: 1_000 },
	);
});

test('no text does anything but parse or throw bad-argument', () => {
	const unit = fc.constantFrom('unix:', '[', ']', ':', '::1', '127.0.0.1', '80', '@', '\0', '%', 'x', '99999');
	fc.assert(
		fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit })), (text) => {
			try {
				const end = parse(text);
				assert.deepEqual(parse(format(end)), end);
			} catch (error) {
				assert.ok(error instanceof PostSocketsError && error.code === 'bad-argument', text);
			}
		}),
		{ numRuns: 1_000 },
	);
});

test('the same place has the same kind, address, zone and port', () => {
	const same = (a: string, b: string) => sameSocketAddress(parse(a), parse(b));
	assert.ok(same('[::1]:80', '[0:0:0:0:0:0:0:1]:80'));
	assert.ok(same('unix:/x', 'unix:/x'));
	assert.ok(!same('[::1]:80', '[::1]:81'));
	assert.ok(!same('[::1]:80', '[::1%2]:80'));
	assert.ok(!same('127.0.0.1:80', '[::ffff:127.0.0.1]:80'));
	assert.ok(!same('unix:/x', 'unix:/y'));
	assert.ok(!same('unix:/x', '127.0.0.1:80'));
});
