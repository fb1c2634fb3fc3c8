/** The test vectors of RFC 9460 appendix D. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import { emitMessage, parseMessage } from './message.ts';
import { answerOf, bytesOf, plainName } from './message-harness.ts';
import type { AnyRecord } from './record.ts';
import type { Service } from './service.ts';

const foo = plainName('foo.example.com');
const org = plainName('foo.example.org');
const ip = (text: string) => IpAddress.parse(text);
const octets = (text: string) => new TextEncoder().encode(text);

function parsed(data: Uint8Array): AnyRecord {
	return parseMessage(answerOf(64, data))!.answers[0]!;
}

const vectors: [string, Uint8Array, Service][] = [
	['alias mode', bytesOf('0000', foo), { priority: 0, target: 'foo.example.com', params: {} }],
	['target is "."', bytesOf('0001 00'), { priority: 1, target: '.', params: {} }],
	['a port', bytesOf('0010', foo, '0003 0002 0035'), { priority: 16, target: 'foo.example.com', params: { port: 53 } }],
	[
		'a generic key',
		bytesOf('0001', foo, '029b 0005', octets('hello')),
		{ priority: 1, target: 'foo.example.com', params: { others: [{ key: 667, value: octets('hello') }] } },
	],
	[
		'a generic key with a byte that is no letter',
		bytesOf('0001', foo, '029b 0009', octets('hello'), 'd2', octets('qoo')),
		{
			priority: 1,
			target: 'foo.example.com',
			params: { others: [{ key: 667, value: bytesOf(octets('hello'), 'd2', octets('qoo')) }] },
		},
	],
	[
		'two IPv6 hints',
		bytesOf('0001', foo, '0006 0020', '20010db8000000000000000000000001', '20010db8000000000000000000530001'),
		{ priority: 1, target: 'foo.example.com', params: { ipv6hint: [ip('2001:db8::1'), ip('2001:db8::53:1')] } },
	],
	[
		'an IPv6 hint with an IPv4 address in it',
		bytesOf('0001', plainName('example.com'), '0006 0010', '20010db80122034400000000c0000221'),
		{ priority: 1, target: 'example.com', params: { ipv6hint: [ip('2001:db8:122:344::192.0.2.33')] } },
	],
	[
		'keys are sorted',
		bytesOf(
			'0010',
			org,
			'0000 0004 0001 0004',
			'0001 0009 02',
			octets('h2'),
			'05',
			octets('h3-19'),
			'0004 0004 c0000201',
		),
		{
			priority: 16,
			target: 'foo.example.org',
			params: { alpn: ['h2', 'h3-19'], mandatory: [1, 4], ipv4hint: [ip('192.0.2.1')] },
		},
	],
	[
		'an ALPN id with a backslash and a comma',
		bytesOf('0010', org, '0001 000c 08', octets('f\\oo,bar'), '02', octets('h2')),
		{ priority: 16, target: 'foo.example.org', params: { alpn: ['f\\oo,bar', 'h2'] } },
	],
];

for (const [title, data, service] of vectors) {
	test(`RFC 9460 appendix D: ${title}`, () => {
		const { type, name, class: _, ttl: __, ...read } = parsed(data) as AnyRecord & Service;
		assert.deepEqual([type, name, read], ['SVCB', '.', service]);
		const written = emitMessage({
			...parseMessage(answerOf(64, data))!,
			answers: [{ name: '.', class: 1, ttl: 60, type: 'SVCB', ...service }],
		});
		assert.deepEqual(written, answerOf(64, data));
	});
}

/** Appendix D.3 as it would be on the wire, and what §2.2, §7 and §8 forbid besides. */
const failures: [string, string][] = [
	['a key twice', '007b 0003 616263 007b 0003 646566'],
	['mandatory without a value', '0000 0000'],
	['alpn without a value', '0001 0000'],
	['port without a value', '0003 0000'],
	['ipv4hint without a value', '0004 0000'],
	['ipv6hint without a value', '0006 0000'],
	['no-default-alpn with a value', '0001 0003 026832 0002 0003 616263'],
	['a mandatory key that is not there', '0000 0002 007b'],
	['mandatory is mandatory', '0000 0002 0000'],
	['a mandatory key twice', '0000 0004 007b 007b 007b 0003 616263'],
	['mandatory keys not ascending', '0000 0004 0004 0003 0003 0002 0035 0004 0004 c0000201'],
	['keys not ascending', '0004 0004 c0000201 0003 0002 0035'],
	['no-default-alpn without alpn', '0002 0000'],
	['a port of three octets', '0003 0003 003500'],
	['half an IPv4 hint', '0004 0006 c0000201 c000'],
	['half an IPv6 hint', '0006 0008 20010db800000000'],
	['an empty ALPN id', '0001 0004 00 026832'],
	['an ALPN id that is cut off', '0001 0003 056832'],
	['an end in a key', '03'],
	['an end in a length', '0003 00'],
	['an end in a value', '0003 0002 00'],
];

for (const [title, params] of failures) {
	test(`RFC 9460, malformed: ${title}`, () => {
		const data = bytesOf('0001', foo, params);
		assert.deepEqual(parsed(data), { name: '.', class: 1, ttl: 60, type: 64, data });
	});
}

test('a compressed target is malformed (§2.2)', () => {
	assert.equal(parsed(bytesOf('0001 c00c')).type, 64);
});

test('what is not consistent cannot be written', () => {
	const bad: Service['params'][] = [
		{ mandatory: [3] },
		{ mandatory: [], port: 1 },
		{ mandatory: [0], port: 1 },
		{ mandatory: [4, 3], port: 1, ipv4hint: [ip('192.0.2.1')] },
		{ noDefaultAlpn: true },
		{ alpn: [] },
		{ alpn: [''] },
		{ alpn: ['ž'] },
		{ alpn: ['x'.repeat(256)] },
		{ port: 65_536 },
		{ ipv4hint: [ip('2001:db8::1')] },
		{ others: [{ key: 3, value: new Uint8Array(2) }] },
		{
			others: [
				{ key: 9, value: new Uint8Array(2) },
				{ key: 9, value: new Uint8Array(2) },
			],
		},
		{ others: [{ key: 65_536, value: new Uint8Array(2) }] },
	];
	for (const params of bad) {
		const record = { name: 'x', class: 1, ttl: 0, type: 'HTTPS' as const, priority: 1, target: '.', params };
		assert.throws(() => emitMessage({ answers: [record] }), { code: 'bad-argument' }, JSON.stringify(params));
	}
});
