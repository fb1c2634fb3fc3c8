import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import { parseServer } from './resolv-conf.ts';
import { ordered, Server } from './server.ts';
import { steady } from './server-harness.ts';

const make = (...texts: string[]) => texts.map((text) => new Server(parseServer(text)));
const order = (servers: Server[], now = 0) =>
	ordered(servers, now, steady()).map(({ endpoint }) => `${endpoint.address}`);

test('IPv6 first, a silent server last, and none left out', () => {
	const texts = Array.from({ length: 20 }, (_, index) => (index % 2 ? `2001:db8::${index}` : `192.0.2.${index}`));
	const servers = make(...texts);
	const [odd, even] = [1, 0].map((rest) => texts.filter((_, index) => index % 2 === rest));
	assert.deepEqual(order(servers), [...odd!, ...even!]);
	servers[1]!.silent(0);
	assert.deepEqual(order(servers), [...odd!.slice(1), ...even!, texts[1]]);
	assert.deepEqual(order(servers, 5_000), [...odd!, ...even!]);
});

test('the faster one is first, whatever the order of the configuration; what is unknown counts as 250 ms', () => {
	const [a, b, c] = make('2001:db8::1', '192.0.2.2', '192.0.2.3') as [Server, Server, Server];
	a.answered(300);
	c.answered(20);
	assert.deepEqual(order([a, b, c]), ['192.0.2.3', '192.0.2.2', '2001:db8::1']);
	for (let index = 0; index < 50; index += 1) c.answered(900);
	assert.equal(order([a, b, c]).at(-1), '192.0.2.3');
});

test('each silence doubles the time behind the others, up to five minutes; an answer ends it', () => {
	const [a, b] = make('192.0.2.1', '192.0.2.2') as [Server, Server];
	const until = [];
	for (let index = 0; index < 9; index += 1) {
		a.silent(0);
		until.push(a.shunnedUntil);
	}
	assert.deepEqual(until, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
	assert.deepEqual(order([a, b], 299_999), ['192.0.2.2', '192.0.2.1']);
	a.answered(10);
	assert.deepEqual(order([a, b], 0), ['192.0.2.1', '192.0.2.2']);
});

test('of several silent ones the first is who was silent the longest ago', () => {
	const [a, b] = make('192.0.2.1', '192.0.2.2') as [Server, Server];
	a.silent(2_000);
	b.silent(1_000);
	assert.deepEqual(order([a, b], 3_000), ['192.0.2.2', '192.0.2.1']);
});

test('now and then another is asked first, so that one that is fast again is found', () => {
	const servers = make('192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4');
	servers[0]!.answered(10);
	servers[3]!.silent(0);
	const random = seededRandom(7);
	const firsts = new Map<string, number>();
	for (let index = 0; index < 2_000; index += 1) {
		const first = `${ordered(servers, 0, random)[0]!.endpoint.address}`;
		firsts.set(first, (firsts.get(first) ?? 0) + 1);
	}
	assert.deepEqual([...firsts.keys()].sort(), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
	const others = 2_000 - firsts.get('192.0.2.1')!;
	assert.ok(others > 50 && others < 150, `${others}`);
});

test('the wait for a server is twice its round trip, from 100 ms to a second', () => {
	const [server] = make('192.0.2.1') as [Server];
	assert.equal(server.stagger, 250);
	for (const [roundTrip, stagger] of [
		[1, 100],
		[200, 400],
		[5_000, 1_000],
	] as const) {
		const [fresh] = make('192.0.2.1') as [Server];
		fresh.answered(roundTrip);
		assert.equal(fresh.stagger, stagger);
	}
});

test('what it could not do is tried again after ten minutes', () => {
	const [server] = make('192.0.2.1') as [Server];
	assert.ok(server.takesEdns(0) && server.keepsCase(0));
	server.refusedEdns(1);
	server.foldedCase(2);
	assert.deepEqual([server.takesEdns(600_000), server.keepsCase(600_001)], [false, false]);
	assert.deepEqual([server.takesEdns(600_001), server.keepsCase(600_002)], [true, true]);
});
