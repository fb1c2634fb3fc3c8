import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from './address.ts';
import { classify } from './classify.ts';

const nameOf = (text: string) => classify(IpAddress.parse(text))?.name;

test('the most specific purpose of an address', () => {
	const expected: Record<string, string | undefined> = {
		'0.0.0.0': '"This host on this network"',
		'0.1.2.3': '"This network"',
		'10.255.255.255': 'Private-Use',
		'100.64.0.1': 'Shared Address Space',
		'100.128.0.1': undefined,
		'127.0.0.53': 'Loopback',
		'169.254.169.254': 'Link Local',
		'172.31.255.255': 'Private-Use',
		'172.32.0.0': undefined,
		'192.0.0.1': 'IPv4 Service Continuity Prefix',
		'192.0.0.170': 'NAT64/DNS64 Discovery',
		'192.0.0.200': 'IETF Protocol Assignments',
		'192.0.2.1': 'Documentation (TEST-NET-1)',
		'198.19.0.1': 'Benchmarking',
		'224.0.0.1': undefined,
		'240.0.0.1': 'Reserved',
		'255.255.255.255': 'Limited Broadcast',
		'8.8.8.8': undefined,
		'::': 'Unspecified Address',
		'::1': 'Loopback Address',
		'::ffff:10.0.0.1': 'Private-Use',
		'64:ff9b::8.8.8.8': 'IPv4-IPv6 Translation',
		'100::1': 'Discard-Only Address Block',
		'2001::1': 'TEREDO',
		'2001:1::1': 'Port Control Protocol Anycast',
		'2001:1::9': 'IETF Protocol Assignments',
		'2001:db8::1': 'Documentation',
		'2001:200::1': undefined,
		'2002:c000:204::1': '6to4',
		'2606:4700::1111': undefined,
		'3fff:fff::1': 'Documentation',
		'fd00::1': 'Unique-Local',
		'fe80::1%eth0': 'Link-Local Unicast',
		'ff02::1': undefined,
	};
	for (const [text, name] of Object.entries(expected)) assert.equal(nameOf(text), name, text);
});

test('the flags are those of RFC 6890', () => {
	const flagsOf = (text: string) => {
		const { source, destination, forwardable, globallyReachable, reservedByProtocol } = classify(
			IpAddress.parse(text),
		)!;
		return [source, destination, forwardable, globallyReachable, reservedByProtocol];
	};
	assert.deepEqual(flagsOf('10.0.0.1'), [true, true, true, false, false]);
	assert.deepEqual(flagsOf('127.0.0.1'), [false, false, false, false, true]);
	assert.deepEqual(flagsOf('169.254.0.1'), [true, true, false, false, true]);
	assert.deepEqual(flagsOf('192.0.2.1'), [false, false, false, false, false]);
	assert.deepEqual(flagsOf('192.0.0.9'), [true, true, true, true, false]);
	assert.deepEqual(flagsOf('255.255.255.255'), [false, true, false, false, true]);
	assert.deepEqual(flagsOf('64:ff9b::1'), [true, true, true, true, false]);
	assert.deepEqual(flagsOf('fe80::1'), [true, true, false, false, true]);
});

test('it agrees with the questions that an address answers itself', () => {
	for (const text of ['10.0.0.1', '127.0.0.1', '169.254.1.1', '8.8.8.8', '::1', 'fd00::1', 'fe80::1', '2606:4700::1']) {
		const address = IpAddress.parse(text);
		const name = classify(address)?.name ?? '';
		assert.equal(address.isLoopback, name.startsWith('Loopback'), text);
		assert.equal(address.isPrivate, name === 'Private-Use' || name === 'Unique-Local', text);
		assert.equal(address.isLinkLocal, /^Link.Local/.test(name), text);
	}
});
