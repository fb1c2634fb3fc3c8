import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Security } from '../policy/security.ts';
import { day } from './kinds.ts';
import { Memory } from './memory.ts';
import { remembering } from './memory-harness.ts';
import { isBadArgument } from './store-harness.ts';
import { securityHash, type TicketOwner, ticketsPerOwner } from './tickets.ts';

const owner: TicketOwner = { name: 'example.com', port: 443, alpn: ['h2', 'http/1.1'], security: securityHash({}) };
const session = (number: number) => Uint8Array.of(number, 1, 2, 3);

describe('tickets', () => {
	test('I-5.3-04 each is taken once, the newest first, whoever takes it', () => {
		const { memory, store, calendar } = remembering();
		const second = new Memory({ store, now: calendar.now });
		for (const number of [1, 2, 3]) {
			memory.tickets.put(owner, session(number));
			calendar.time += 1;
		}
		assert.equal(second.tickets.count(owner), 3);
		const taken = [memory, second, memory, second].map(({ tickets }) => tickets.take(owner)?.[0]);
		assert.deepEqual(taken, [3, 2, 1, undefined]);
		assert.equal(memory.tickets.count(owner), 0);
	});

	test('§4 rule 2: a ticket is for a name, port, ALPN, security and, where asked, local address', () => {
		const { memory } = remembering();
		memory.tickets.put(owner, session(1));
		const others: Partial<TicketOwner>[] = [
			{ name: 'www.example.com' },
			{ port: 8443 },
			{ alpn: ['http/1.1', 'h2'] },
			{ alpn: [] },
			{ security: securityHash({ pin: 'ab' }) },
			{ local: '2001:db8::5' },
		];
		for (const other of others)
			assert.equal(memory.tickets.take({ ...owner, ...other }), undefined, JSON.stringify(other));
		assert.deepEqual(memory.tickets.take({ ...owner, name: 'EXAMPLE.com' }), session(1));
	});

	test('§4 rule 7: a ticket of one temporary address is not shown from another', () => {
		const { memory } = remembering();
		memory.tickets.put({ ...owner, local: '2001:db8::5' }, session(1));
		assert.equal(memory.tickets.take({ ...owner, local: '2001:db8::6' }), undefined);
		assert.equal(memory.tickets.take(owner), undefined);
		assert.deepEqual(memory.tickets.take({ ...owner, local: '2001:db8::5' }), session(1));
	});

	test('§4 rule 10: of one owner the newest eight are kept', () => {
		const { memory, calendar } = remembering();
		for (let number = 1; number <= 20; number += 1) {
			memory.tickets.put(owner, session(number));
			calendar.time += 1;
		}
		assert.equal(memory.tickets.count(owner), ticketsPerOwner);
		const taken = Array.from({ length: ticketsPerOwner }, () => memory.tickets.take(owner)![0]);
		assert.deepEqual(taken, [20, 19, 18, 17, 16, 15, 14, 13]);
	});

	test('I-9.1-01 it is used as long as the server said, at most seven days, two hours if it said nothing', () => {
		for (const [said, milliseconds] of [
			[undefined, 7_200_000],
			[10, 10_000],
			[1e9, 7 * day],
		] as const) {
			const { memory, calendar } = remembering();
			memory.tickets.put(owner, session(1), said);
			calendar.time += milliseconds - 1;
			assert.equal(memory.tickets.count(owner), 1);
			calendar.time += 1;
			assert.equal(memory.tickets.take(owner), undefined);
		}
		const { memory } = remembering();
		memory.tickets.put(owner, session(1), 0);
		assert.equal(memory.tickets.count(owner), 0);
	});

	test('T-6.3.6a maxCachedSessions bounds them all, those used longest ago go first', () => {
		const { memory } = remembering({ maxCachedSessions: 3 });
		const of = (name: string) => ({ ...owner, name });
		for (const name of ['a', 'b', 'c']) memory.tickets.put(of(name), session(1));
		memory.tickets.count(of('a'));
		memory.tickets.put(of('d'), session(1));
		assert.deepEqual(
			['a', 'b', 'c', 'd'].map((name) => memory.tickets.count(of(name))),
			[1, 0, 1, 1],
		);
		const none = remembering({ maxCachedSessions: 0 }).memory;
		none.tickets.put(owner, session(1));
		assert.equal(none.tickets.count(owner), 0);
	});

	test('T-6.3.6b cachedSessionLifetimeSeconds shortens their lives, also of those that are there', () => {
		const { memory, store, calendar } = remembering({ cachedSessionLifetimeSeconds: 60 });
		memory.tickets.put(owner, session(1));
		assert.equal(store.entries({ partition: '', kind: 'ticket' })[0]!.expires, calendar.time + 60_000);
		calendar.time += 60_000;
		assert.equal(memory.tickets.take(owner), undefined);
		memory.tickets.put(owner, session(2), 3_600);
		calendar.time += 30_000;
		const hasty = new Memory({ store, now: calendar.now, cachedSessionLifetimeSeconds: 30 });
		assert.equal(hasty.tickets.take(owner), undefined);
		assert.deepEqual(memory.tickets.take(owner), session(2));
	});

	test('a session of more than 64 KiB is not kept, limits below 0 throw', () => {
		const { memory } = remembering();
		memory.tickets.put(owner, new Uint8Array(65_537));
		assert.equal(memory.tickets.count(owner), 0);
		assert.throws(() => new Memory({ maxCachedSessions: -1 }), isBadArgument);
		assert.throws(() => new Memory({ cachedSessionLifetimeSeconds: Number.NaN }), isBadArgument);
	});
});

describe('securityHash', () => {
	test('differs where the verification, or what is shown, does', () => {
		const policies: Security[] = [
			{},
			{ ca: 'a' },
			{ ca: ['a', 'b'] },
			{ ca: 'ab' },
			{ cert: 'a' },
			{ pin: 'a' },
			{ serverName: 'a' },
			{ allowedSecurityProtocols: ['tls_1_3'] },
			{ allowedSecurityProtocols: ['tls_1_2', 'tls_1_3'] },
			{ groups: ['X25519'] },
			{ ciphers: ['X25519'] },
			{ signatureAlgorithms: ['X25519'] },
			{ trust: () => true },
			{ trust: () => true },
			{ preSharedKey: { identity: 'a', key: new Uint8Array(16) } },
			{ preSharedKey: { identity: 'b', key: new Uint8Array(16) } },
			{ preSharedKey: { identity: 'b', key: new Uint8Array(17) } },
			{ preSharedKey: () => undefined },
			{ keyLog() {} },
			{ maxCachedSessions: 0 },
			{ cachedSessionLifetimeSeconds: 0 },
		];
		assert.equal(new Set(policies.map(securityHash)).size, policies.length);
	});

	test('is the same for the same said otherwise, and does not know the private key', () => {
		assert.equal(securityHash({ ca: 'a' }), securityHash({ ca: [Buffer.from('a')] }));
		assert.equal(securityHash({ key: 'secret', cert: 'c' }), securityHash({ cert: Uint8Array.of(99) }));
		assert.equal(securityHash({ alpn: ['h2'] }), securityHash({}));
		const trust = () => true;
		assert.equal(securityHash({ trust }), securityHash({ trust }));
	});
});
