import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emitMessage, type Message, parseMessage } from '../wire/dns/message.ts';
import { anyMessage } from '../wire/dns/message-harness.ts';
import type { AnyRecord } from '../wire/dns/record.ts';
import { type Reply, readReply } from './reply.ts';
import { a, cname, record, soa } from './server-harness.ts';

function read(message: Partial<Message>, name = 'a.test', type: 'A' | 'HTTPS' | 'CNAME' = 'A'): Reply {
	return readReply(parseMessage(emitMessage({ response: true, ...message }))!, name, type);
}

test('records of the name, whatever their case and order, each for the life of the shortest', () => {
	const answers = [
		a('x.test', '192.0.2.9'),
		a('A.tEsT', '192.0.2.1', 300),
		a('a.test', '2001:db8::1'),
		a('a.test', '192.0.2.2', 20),
	];
	assert.deepEqual(read({ answers }), {
		kind: 'found',
		name: 'a.test',
		records: [a('a.test', '192.0.2.1', 20), a('a.test', '192.0.2.2', 20)],
		ttl: 20,
	});
});

test('aliases are followed within the answer, in any order, and shorten its life', () => {
	const answers = [a('c.test', '192.0.2.1', 300), cname('B.test', 'c.test', 50), cname('a.test', 'b.test', 90)];
	const reply = read({ answers });
	assert.deepEqual(reply, { kind: 'found', name: 'c.test', records: [a('c.test', '192.0.2.1', 50)], ttl: 50 });
	assert.deepEqual(read({ answers }, 'a.test', 'CNAME').kind, 'found');
	assert.deepEqual(read({ answers: answers.slice(1) }), { kind: 'alias', name: 'c.test', ttl: 50 });
});

test('aliases in a ring, or too many, are of no use', () => {
	const ring = [cname('a.test', 'b.test'), cname('b.test', 'a.test')];
	assert.deepEqual(read({ answers: ring }), { kind: 'useless', why: 'too many aliases' });
	const chain = (length: number) => [
		...Array.from({ length }, (_, i) => cname(i === 0 ? 'a.test' : `n${i}.test`, `n${i + 1}.test`)),
		a(`n${length}.test`, '192.0.2.1'),
	];
	assert.equal(read({ answers: chain(16) }).kind, 'found');
	assert.equal(read({ answers: chain(17) }).kind, 'useless');
});

test('what is not there is remembered as long as the SOA says, the shorter of two (RFC 2308 §5)', () => {
	assert.deepEqual(read({ authorities: [soa('test', 30, 600)] }), { kind: 'empty', name: 'a.test', ttl: 30 });
	assert.deepEqual(read({ authorities: [soa('test', 30, 10)] }), { kind: 'empty', name: 'a.test', ttl: 10 });
	assert.deepEqual(read({ rcode: 3, authorities: [soa('.', 30, 60)] }), { kind: 'not-found', name: 'a.test', ttl: 30 });
});

test('without an SOA of a zone around the name it is not remembered', () => {
	for (const authorities of [[], [soa('other')], [soa('x.a.test')]]) {
		assert.deepEqual(read({ authorities }), { kind: 'empty', name: 'a.test', ttl: 0 });
		assert.deepEqual(read({ rcode: 3, authorities }), { kind: 'not-found', name: 'a.test', ttl: 0 });
	}
});

test('after aliases the code and the SOA are about the last name (RFC 6604 §3)', () => {
	const answers = [cname('a.test', 'b.other', 20)];
	assert.deepEqual(read({ answers, rcode: 3, authorities: [soa('other', 40)] }), {
		kind: 'not-found',
		name: 'b.other',
		ttl: 20,
	});
	assert.deepEqual(read({ answers, authorities: [soa('other', 10)] }), { kind: 'empty', name: 'b.other', ttl: 10 });
	assert.equal(read({ answers, authorities: [soa('test')] }).kind, 'alias');
});

test('errors and referrals are of no use', () => {
	for (const [rcode, why] of [
		[1, 'FORMERR'],
		[2, 'SERVFAIL'],
		[4, 'NOTIMP'],
		[5, 'REFUSED'],
		[9, 'code 9'],
	] as const) {
		assert.deepEqual(read({ rcode, answers: [a('a.test', '192.0.2.1')] }), { kind: 'useless', why });
	}
	const authorities = [record('test', 'NS', { target: 'ns.test' })];
	assert.deepEqual(read({ authorities }), { kind: 'useless', why: 'lame' });
	assert.equal(read({ authorities, authoritative: true }).kind, 'empty');
});

test('one malformed record of the type spoils the answer (RFC 9460 §2.2)', () => {
	const good = record('a.test', 'HTTPS', { priority: 1, target: '.', params: {} });
	const bad: AnyRecord = { name: 'a.test', class: 1, ttl: 60, type: 65, data: new Uint8Array(1) };
	assert.deepEqual(read({ answers: [good, bad] }, 'a.test', 'HTTPS'), { kind: 'useless', why: 'bad HTTPS' });
	assert.equal(read({ answers: [good, { ...bad, name: 'b.test' }] }, 'a.test', 'HTTPS').kind, 'found');
	assert.equal(read({ answers: [a('a.test', '192.0.2.1'), bad] }).kind, 'found');
});

test('a TTL with its highest bit set is 0 (RFC 2181 §8), a record of another class is none', () => {
	assert.deepEqual(read({ answers: [a('a.test', '192.0.2.1', 2 ** 31)] }), {
		kind: 'found',
		name: 'a.test',
		records: [a('a.test', '192.0.2.1', 0)],
		ttl: 0,
	});
	assert.equal(read({ answers: [{ ...a('a.test', '192.0.2.1'), class: 3 }] }).kind, 'empty');
});

test('any message is read', () => {
	fc.assert(
		fc.property(anyMessage, fc.constantFrom('a', 'example.com', '.'), (message, name) => {
			const reply = readReply({ ...message, rcode: 0 }, name, 'A');
			if (reply.kind === 'found') assert.ok(reply.records.every(({ type, ttl }) => type === 'A' && ttl === reply.ttl));
			if (reply.kind !== 'useless') assert.ok(Number.isFinite(reply.ttl) && reply.ttl >= 0);
		}),
		{ numRuns: 300 },
	);
});
