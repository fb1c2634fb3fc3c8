import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../../base/address.ts';
import { emitMessage, type Message, parseMessage } from './message.ts';
import { answerOf, anyMessage, bytesOf, plainName } from './message-harness.ts';
import { type AnyRecord, typeNumber, typeOf } from './record.ts';

const query = bytesOf(
	'abcd 0100 0001 0000 0000 0001',
	plainName('example.com'),
	'001c 0001',
	'00 0029 04d0 00000000 0000',
);

test('a query with EDNS, byte by byte (RFC 1035 §4.1, RFC 6891 §6.1.2)', () => {
	const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] };
	const questions = [{ name: 'example.com', type: 'AAAA' as const }];
	assert.deepEqual(emitMessage({ id: 0xabcd, recursionDesired: true, questions, edns }), query);
	const { id, recursionDesired, response, questions: read, edns: option, additionals } = parseMessage(query)!;
	assert.deepEqual([id, recursionDesired, response, additionals.length], [0xabcd, true, false, 0]);
	assert.deepEqual([read, option], [[{ name: 'example.com', type: 'AAAA', class: 1 }], edns]);
});

test('a response with compressed names in owners and data', () => {
	const bytes = bytesOf(
		'abcd 8580 0001 0002 0001 0001',
		plainName('www.Example.com'),
		'0001 0001',
		'c00c 0005 0001 0000003c 0006 03 636e6e c010', // cnn.Example.com
		'c02d 0001 0001 0000003c 0004 c0000201',
		'c010 0006 0001 00000e10 001a 02 6e73 c010 00 00000001 00000002 00000003 00000004 00000005',
		'00 0029 1000 01008000 0008 000a 0004 01020304',
	);
	const message = parseMessage(bytes)!;
	assert.deepEqual(message.answers, [
		{ name: 'www.Example.com', class: 1, ttl: 60, type: 'CNAME', target: 'cnn.Example.com' },
		{ name: 'cnn.Example.com', class: 1, ttl: 60, type: 'A', address: IpAddress.parse('192.0.2.1') },
	]);
	assert.deepEqual(message.authorities, [
		{
			name: 'Example.com',
			class: 1,
			ttl: 3600,
			type: 'SOA',
			primary: 'ns.Example.com',
			mailbox: '.',
			serial: 1,
			refresh: 2,
			retry: 3,
			expire: 4,
			minimum: 5,
		},
	]);
	assert.deepEqual(message.edns, {
		udpSize: 4096,
		version: 0,
		dnssecOk: true,
		options: [{ code: 10, data: bytesOf('01020304') }],
	});
	assert.equal(message.rcode, 16, 'the upper bits of the code are in OPT');
	assert.deepEqual(emitMessage(message), bytes);
});

test('every type, byte by byte', () => {
	const forms: [number, string, object][] = [
		[1, 'c0000201', { type: 'A', address: IpAddress.parse('192.0.2.1') }],
		[28, '20010db8000000000000000000000001', { type: 'AAAA', address: IpAddress.parse('2001:db8::1') }],
		[2, '01 61 00', { type: 'NS', target: 'a' }],
		[12, '01 61 00', { type: 'PTR', target: 'a' }],
		[15, '000a 01 61 00', { type: 'MX', preference: 10, exchange: 'a' }],
		[16, '02 6162 00', { type: 'TXT', strings: [bytesOf('6162'), new Uint8Array()] }],
		[33, '0001 0002 01bb 01 61 00', { type: 'SRV', priority: 1, weight: 2, port: 443, target: 'a' }],
		[257, '80 05 6973737565 6361', { type: 'CAA', flags: 128, tag: 'issue', value: bytesOf('6361') }],
		[65, '0001 00 0003 0002 0035', { type: 'HTTPS', priority: 1, target: '.', params: { port: 53 } }],
		[99, '0102', { type: 99, data: bytesOf('0102') }],
	];
	for (const [number, hex, data] of forms) {
		const bytes = answerOf(number, bytesOf(hex));
		const message = parseMessage(bytes)!;
		assert.deepEqual(message.answers, [{ name: '.', class: 1, ttl: 60, ...data }]);
		assert.deepEqual(emitMessage(message), bytes);
	}
});

test('data that does not fit its type is opaque, and the rest of the message counts', () => {
	for (const [number, hex] of [
		[1, 'c00002'],
		[1, 'c000020101'],
		[28, ''],
		[5, '01 61'],
		[5, '01 61 00 00'],
		[6, '00 00 00000001'],
		[15, '000a'],
		[16, ''],
		[16, '05 61'],
		[33, '0001 0002 01bb'],
		[257, '00 00 61'],
		[257, '00 02 2d2d'],
	] as const) {
		const { answers } = parseMessage(answerOf(number, bytesOf(hex)))!;
		assert.deepEqual(answers, [{ name: '.', class: 1, ttl: 60, type: number, data: bytesOf(hex) }]);
	}
});

test('types have names or numbers', () => {
	assert.deepEqual([typeOf(65), typeOf(4711), typeNumber('CAA'), typeNumber(7)], ['HTTPS', 4711, 257, 7]);
});

test('a message is read whole or not at all; a truncated one as far as it goes', () => {
	const records: AnyRecord[] = ['192.0.2.1', '192.0.2.2'].map((text) => ({
		name: 'a.test',
		class: 1,
		ttl: 60,
		type: 'A',
		address: IpAddress.parse(text),
	}));
	const message: Partial<Message> = { questions: [{ name: 'a.test', type: 'A' }], answers: records };
	const whole = emitMessage(message);
	const cut = emitMessage({ ...message, truncated: true });
	const questionEnd = 12 + 8 + 4;
	for (let length = 0; length < whole.length; length += 1) {
		assert.equal(parseMessage(whole.subarray(0, length)), undefined);
		const read = parseMessage(cut.subarray(0, length))?.answers.length;
		assert.equal(read, length < questionEnd ? undefined : length < whole.length - 16 ? 0 : 1, `${length}`);
	}
});

test('counts that promise more than there is cost nothing', () => {
	assert.equal(parseMessage(bytesOf('0000 8180 ffff ffff ffff ffff')), undefined);
	assert.equal(parseMessage(new Uint8Array()), undefined);
});

test('two OPT records, or one that is broken or has a name, make a message malformed (RFC 6891 §6.1.1)', () => {
	const opt = '00 0029 04d0 00000000 0000';
	assert.ok(parseMessage(bytesOf('0000 0000 0000 0000 0000 0001', opt)));
	assert.equal(parseMessage(bytesOf('0000 0000 0000 0000 0000 0002', opt, opt)), undefined);
	assert.equal(parseMessage(bytesOf('0000 0000 0000 0000 0000 0001', '00 0029 04d0 00000000 0003 000a 04')), undefined);
	assert.equal(parseMessage(bytesOf('0000 0000 0000 0000 0000 0001', '01 61', opt)), undefined);
});

test('what cannot be said is not said', () => {
	const bad = { code: 'bad-argument' };
	const owner = { name: 'a', class: 1, ttl: 0 };
	const address = IpAddress.loopback6;
	assert.throws(() => emitMessage({ id: 65_536 }), bad);
	assert.throws(() => emitMessage({ id: -1 }), bad);
	assert.throws(() => emitMessage({ id: 0.5 }), bad);
	assert.throws(() => emitMessage({ opcode: 16 }), bad);
	assert.throws(() => emitMessage({ opcode: -1 }), bad);
	assert.throws(() => emitMessage({ rcode: 16 }), bad);
	assert.throws(() => emitMessage({ questions: [{ name: 'a..b', type: 'A' }] }), bad);
	assert.throws(() => emitMessage({ answers: [{ ...owner, type: 'A', address }] }), bad);
	assert.throws(() => emitMessage({ answers: [{ ...owner, ttl: 2 ** 32, type: 'AAAA', address }] }), bad);
	assert.throws(() => emitMessage({ answers: [{ ...owner, type: 'TXT', strings: [] }] }), bad);
	assert.throws(() => emitMessage({ answers: [{ ...owner, type: 'TXT', strings: [new Uint8Array(256)] }] }), bad);
	assert.throws(
		() => emitMessage({ answers: [{ ...owner, type: 'CAA', flags: 0, tag: '-', value: address.bytes }] }),
		bad,
	);
	const large = { ...owner, type: 999, data: new Uint8Array(65_535) };
	assert.throws(() => emitMessage({ answers: [large] }), { code: 'too-large' });
});

test('any message goes there and back', () => {
	fc.assert(
		fc.property(anyMessage, (message) => assert.deepEqual(parseMessage(emitMessage(message)), message)),
		{
			numRuns: 500,
		},
	);
});

test('random bytes, and messages with a few bytes changed, are a message or none, and never keep the bytes', () => {
	const changed = fc
		.tuple(anyMessage, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
		.map(([message, changes]) => {
			const bytes = emitMessage(message);
			for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
			return bytes;
		});
	const counted = fc.uint8Array({ maxLength: 200 }).map((rest) => bytesOf('0000 8180 0001 0003 0002 0001', rest));
	fc.assert(
		fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), counted, changed), (bytes) => {
			const message = parseMessage(bytes);
			if (message === undefined) return;
			const text = JSON.stringify(message);
			bytes.fill(0);
			assert.equal(JSON.stringify(message), text);
		}),
		{ numRuns: 2000 },
	);
});

test('what was read can be written, and reads the same', () => {
	const changed = fc.tuple(anyMessage, fc.nat(), fc.nat(255)).map(([message, at, octet]) => {
		const bytes = emitMessage(message);
		bytes[at % bytes.length] = octet;
		return bytes;
	});
	fc.assert(
		fc.property(changed, (bytes) => {
			const message = parseMessage(bytes);
			if (message === undefined) return;
			const again = emitMessage(message);
			// A pointer that was bad where it was may be good where it now is.
			const { answers, authorities, additionals } = message;
			const isBad = ({ type }: AnyRecord) => typeof type === 'number' && typeof typeOf(type) === 'string';
			if ([...answers, ...authorities, ...additionals].some(isBad)) return;
			assert.deepEqual(parseMessage(again), message);
		}),
		{ numRuns: 1000 },
	);
});
