import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { MacAddress } from '../base/mac-address.ts';
import { Prefix } from '../base/prefix.ts';
import * as dhcp from './dhcp.ts';
import { type DhcpOptions, dhcpOptionCode } from './dhcp-options.ts';
import { bit, byte, doubleWord, ip4, mac, network, some, word } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, plain, toHex, whole } from './wire-harness.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const text = (maxLength: number) => fc.stringMatching(/^[!-~]*$/, { maxLength });
const addresses = fc.array(ip4, { minLength: 1, maxLength: 4 });
const named: readonly number[] = [...Object.values(dhcpOptionCode), 0, 52, 255];

const options: fc.Arbitrary<DhcpOptions> = fc.record({
	messageType: optional(fc.constantFrom('discover' as const, 'offer' as const, 'inform' as const)),
	subnetMask: optional(ip4),
	routers: optional(addresses),
	nameServers: optional(addresses),
	hostName: optional(text(20)),
	// Beyond what one option holds. RFC 3396
	domainName: optional(text(600)),
	mtu: optional(word),
	requestedAddress: optional(ip4),
	leaseTime: optional(doubleWord),
	parameterRequestList: optional(some),
	clientIdentifier: optional(fc.uint8Array({ maxLength: 300 })),
	routes: optional(
		fc.array(fc.record({ prefix: network(ip4, fc.nat(32)), router: ip4 }), { minLength: 1, maxLength: 3 }),
	),
	other: optional(
		fc.uniqueArray(fc.record({ code: byte.filter((code) => !named.includes(code)), data: some }), {
			minLength: 1,
			maxLength: 3,
			selector: ({ code }) => code,
		}),
	),
});

codecProperties<dhcp.DhcpMessage>('dhcp', {
	...dhcp,
	// The options may lack their end.
	openEnded: true,
	values: fc.record({
		operation: fc.constantFrom('request' as const, 'reply' as const),
		hops: byte,
		transactionId: doubleWord,
		seconds: word,
		broadcast: bit,
		clientAddress: ip4,
		yourAddress: ip4,
		serverAddress: ip4,
		relayAddress: ip4,
		clientHardware: mac,
		serverName: text(64),
		bootFile: text(128),
		options,
	}),
});

const discover: dhcp.DhcpMessage = {
	operation: 'request',
	hops: 0,
	transactionId: 0x3903_f326,
	seconds: 0,
	broadcast: true,
	clientAddress: IpAddress.any4,
	yourAddress: IpAddress.any4,
	serverAddress: IpAddress.any4,
	relayAddress: IpAddress.any4,
	clientHardware: MacAddress.parse('02:00:00:00:00:01'),
	serverName: '',
	bootFile: '',
	options: {
		messageType: 'discover',
		parameterRequestList: Uint8Array.of(1, 3, 6, 26, 121),
		maximumMessageSize: 1472,
	},
};

test('a discover is as long as BOOTP, byte for byte', () => {
	const bytes = emitted(dhcp, discover);
	assert.equal(bytes.length, 300);
	assert.equal(toHex(bytes.subarray(0, 34)), '010106003903f32600008000'.padEnd(56, '0') + '020000000001');
	assert.equal(
		toHex(bytes.subarray(236)),
		'63825363' + '350101' + '37050103061a79' + '390205c0' + 'ff'.padEnd(92, '0'),
	);
	assert.deepEqual(plain(dhcp.parse(bytes)), plain(discover));
});

/** A reply with this field of options. */
function reply(field: string, file = '', name = ''): Uint8Array {
	const bytes = new Uint8Array(240 + field.replaceAll(' ', '').length / 2);
	bytes.set(emitted(dhcp, { ...discover, operation: 'reply' }).subarray(0, 240));
	bytes.set(hex(name), 44);
	bytes.set(hex(file), 108);
	bytes.set(hex(field), 240);
	return bytes;
}

const read = (...fields: [string, string?, string?]) => plain(whole(dhcp.parse(reply(...fields))).options);

test('the options of an acknowledgment', () => {
	const field =
		'350105 0104ffffff00 0304c0000201 0608c0000235c6336435 1a0205dc 33040000 0e10 3604c0000201 0f036c616e ' +
		'3a0400000708 3b0400000c4e 0c05686f737400 6c0400000708 ff';
	assert.deepEqual(read(field), {
		domainName: 'lan',
		hostName: 'host',
		ipv6OnlyWait: 1800,
		leaseTime: 3600,
		messageType: 'ack',
		mtu: 1500,
		nameServers: ['192.0.2.53', '198.51.100.53'],
		rebindingTime: 3150,
		renewalTime: 1800,
		routers: ['192.0.2.1'],
		serverIdentifier: '192.0.2.1',
		subnetMask: '255.255.255.0',
	});
});

test('classless routes have as many bytes as their length needs (RFC 3442)', () => {
	// The examples of the RFC's table, each to 10.0.0.1.
	const routes =
		'00 0a000001 08 0a 0a000001 18 0a0000 0a000001 10 0a11 0a000001 18 0a1b81 0a000001 ' +
		'19 0a229800 0a000001 20 0a229881 0a000001';
	const length = toHex(Uint8Array.of(hex(routes).length));
	assert.deepEqual(read(`79${length} ${routes}`), {
		routes: [
			'0.0.0.0/0',
			'10.0.0.0/8',
			'10.0.0.0/24',
			'10.17.0.0/16',
			'10.27.129.0/24',
			'10.34.152.0/25',
			'10.34.152.129/32',
		].map((prefix) => ({ prefix, router: '10.0.0.1' })),
	});
	assert.deepEqual(read('7905 21 0a000001'), { other: [{ code: 121, data: '210a000001' }] });
	const route = { prefix: Prefix.parse('10.17.99.1/16'), router: IpAddress.parse('10.0.0.1') };
	const bytes = emitted(dhcp, { ...discover, options: { routes: [route] } });
	assert.equal(toHex(bytes.subarray(240, 250)), '790710' + '0a11' + '0a000001' + 'ff');
});

test('overloaded fields are read after the options, the file first (RFC 2131 §4.1)', () => {
	assert.deepEqual(read('350102 340101 ff', '0c0161 ff'), { hostName: 'a', messageType: 'offer' });
	assert.deepEqual(read('350102 340102 ff', '616263', '0c0162 ff'), { hostName: 'b', messageType: 'offer' });
	assert.deepEqual(read('350102 340103 0c0163 ff', '0c0161 ff', '0c0162 ff'), {
		hostName: 'cab',
		messageType: 'offer',
	});
	const overloaded = whole(dhcp.parse(reply('340102 ff', '616263', '0c0162 ff')));
	assert.deepEqual([overloaded.bootFile, overloaded.serverName], ['abc', '']);
	assert.deepEqual(read('350102 ff', '0c0161 ff'), { messageType: 'offer' });
});

test('an option in pieces is one option (RFC 3396), and is sent in pieces', () => {
	assert.deepEqual(read('0c0161 350102 0c0262630c00 ff'), { hostName: 'abc', messageType: 'offer' });
	const clientIdentifier = new Uint8Array(256).fill(7);
	const bytes = emitted(dhcp, { ...discover, options: { clientIdentifier } });
	assert.equal(toHex(bytes.subarray(240, 243)), '3dff07');
	assert.equal(toHex(bytes.subarray(240 + 257)), '3d0107ff');
});

test('an option that cannot be what its code says is kept and means nothing; one beyond the field is malformed', () => {
	assert.deepEqual(read('350100 0103ffffff 0300 ff'), {
		other: [
			{ code: 53, data: '00' },
			{ code: 1, data: 'ffffff' },
			{ code: 3, data: '' },
		],
	});
	for (const field of ['35', '3502', '350201']) assert.equal(dhcp.parse(reply(field)), 'malformed');
	const file = `${'00'.repeat(127)}0c`;
	assert.equal(dhcp.parse(reply('340101 ff', file)), 'malformed');
	assert.deepEqual(read('350102 ff', file), { messageType: 'offer' });
	assert.deepEqual(read('350102'), { messageType: 'offer' });
});

test('other hardware and BOOTP are unsupported', () => {
	assert.equal(dhcp.parse(reply('ff').with(1, 6)), 'unsupported');
	assert.equal(dhcp.parse(reply('ff').with(236, 0)), 'unsupported');
	assert.equal(dhcp.parse(reply('ff').with(0, 3)), 'malformed');
});

test('a name that does not fit, or is not ASCII, is a bad argument', () => {
	for (const part of [{ serverName: 'a'.repeat(65) }, { bootFile: 'a'.repeat(129) }, { options: { hostName: '€' } }]) {
		assert.throws(() => emitted(dhcp, { ...discover, ...part }), { code: 'bad-argument' });
	}
});
