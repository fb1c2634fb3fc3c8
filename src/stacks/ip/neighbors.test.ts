import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drive } from '../../base/machine.ts';
import { seededRandom } from '../../base/random.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { ip, macOf } from './lan-harness.ts';
import { defaultLimits } from './limits.ts';
import { type NeighborAnswer, type NeighborEvent, type NeighborSink, Neighbors } from './neighbors.ts';

const hop = ip('192.0.2.7');

function place(limits = {}) {
	const clock = virtualClock({ auto: false });
	const machine = new Neighbors({ ...defaultLimits, ...limits }, seededRandom(1));
	const log: string[] = [];
	const driver = drive<NeighborEvent, NeighborSink>(
		machine,
		{
			solicit: (address, mac) => log.push(`${clock.now()} ask ${address} ${mac ? 'there' : 'all'}`),
			transmit: (packet, mac) => log.push(`${clock.now()} send ${packet.join()} ${mac.bytes[5]}`),
			unreachable: (packet) => log.push(`${clock.now()} lost ${packet.join()}`),
			changed: () => {},
			noRouter: (address) => log.push(`${clock.now()} no router ${address}`),
		},
		clock,
	);
	const send = (byte: number, to = hop) => driver.send({ type: 'packet', hop: to, packet: Uint8Array.of(byte) });
	const answer = (event: Partial<NeighborAnswer> = {}) =>
		driver.send({ type: 'answer', hop, mac: macOf(7), solicited: true, override: true, router: undefined, ...event });
	const state = () => [...machine.list(clock.now())].map(({ state, mac }) => `${state} ${mac?.bytes[5] ?? '-'}`).join();
	const told = async (milliseconds = 0) => {
		await clock.advance(milliseconds);
		return log.splice(0);
	};
	return { clock, machine, driver, send, answer, state, told };
}

test('a packet waits for the answer to the question that it caused', async () => {
	const { send, answer, told, state, machine, clock } = place();
	send(1);
	send(2);
	assert.deepEqual(await told(999), ['0 ask 192.0.2.7 all']);
	assert.equal(state(), 'incomplete -');
	answer();
	assert.deepEqual(await told(0), ['999 send 1 7', '999 send 2 7']);
	assert.equal(state(), 'reachable 7');
	assert.equal(machine.macOf(hop, clock.now())?.bytes[5], 7);
	assert.equal(machine.deadline, Number.POSITIVE_INFINITY, 'who is reachable needs no timer');
});

test('three questions, then the packets that wait are lost, and the next asks again', async () => {
	const { send, answer, told, state, machine } = place({ waiting: 2 });
	for (const byte of [1, 2, 3]) send(byte);
	assert.deepEqual(await told(3000), [
		'0 ask 192.0.2.7 all',
		'1000 ask 192.0.2.7 all',
		'2000 ask 192.0.2.7 all',
		'3000 lost 2',
		'3000 lost 3',
	]);
	assert.equal(state(), 'failed -');
	assert.equal(machine.hasFailed(hop), true);
	send(4);
	assert.deepEqual(await told(0), ['3000 ask 192.0.2.7 all']);
	assert.equal(machine.hasFailed(hop), true, 'until something is heard of it');
	answer();
	assert.deepEqual(await told(0), ['3000 send 4 7']);
	assert.equal(machine.hasFailed(hop), false);
});

test('who was not heard of for a while is stale: sent to, looked for five seconds later, and given up', async () => {
	const { send, answer, told, state, machine, clock } = place();
	send(1);
	answer();
	await told(45_001);
	assert.equal(state(), 'stale 7');
	assert.equal(machine.macOf(hop, clock.now()), undefined);
	send(2);
	assert.deepEqual(await told(0), ['45001 send 2 7']);
	assert.equal(state(), 'delay 7');
	assert.equal(machine.macOf(hop, clock.now())?.bytes[5], 7);
	assert.deepEqual(await told(7999), [
		'50001 ask 192.0.2.7 there',
		'51001 ask 192.0.2.7 there',
		'52001 ask 192.0.2.7 there',
	]);
	assert.equal(state(), 'probe 7');
	await told(1);
	assert.equal(state(), 'failed 7');
	send(3);
	answer();
	assert.deepEqual(await told(0), ['53001 ask 192.0.2.7 all', '53001 send 3 7']);
});

test('a higher layer that makes progress spares the questions', async () => {
	const { driver, send, answer, told, state } = place();
	send(1);
	answer();
	await told(45_001);
	send(2);
	driver.send({ type: 'confirmed', hop });
	assert.equal(state(), 'reachable 7');
	assert.deepEqual((await told(10_000)).length, 1);
});

/** RFC 4861 §7.2.5 and its appendix C: what an advertisement makes of an entry that is reachable at 7. */
const rows: [event: Partial<NeighborAnswer>, expected: string][] = [
	[{ solicited: true, override: false }, 'reachable 7'],
	[{ solicited: true, override: false, mac: macOf(8) }, 'stale 7'],
	[{ solicited: true, override: true, mac: macOf(8) }, 'reachable 8'],
	[{ solicited: false, override: true, mac: macOf(8) }, 'stale 8'],
	[{ solicited: false, override: false, mac: macOf(8) }, 'stale 7'],
	[{ solicited: false, override: true }, 'reachable 7'],
	[{ solicited: false, override: true, mac: undefined }, 'reachable 7'],
];

for (const [event, expected] of rows) {
	const { solicited, override, mac } = event;
	const what = `${solicited ? '' : 'un'}solicited, override ${override}, ${'mac' in event ? (mac ?? 'no address') : 'same address'}`;
	test(`an advertisement: ${what}: ${expected}`, () => {
		const { send, answer, state } = place();
		send(1);
		answer();
		answer(event);
		assert.equal(state(), expected);
	});
}

test('who is not asked for is not remembered, unless it asks for us', async () => {
	const { answer, driver, state, send, told } = place();
	answer();
	driver.send({ type: 'seen', hop, mac: macOf(7), create: false });
	assert.equal(state(), '');
	driver.send({ type: 'seen', hop, mac: macOf(7), create: true });
	assert.equal(state(), 'stale 7');
	send(1);
	assert.deepEqual(await told(0), ['0 send 1 7']);
	driver.send({ type: 'seen', hop, mac: macOf(9), create: false });
	assert.equal(state(), 'stale 9');
});

test('a router that is none any more is told', async () => {
	const { send, answer, told } = place();
	send(1);
	answer({ router: true });
	answer({ router: true });
	answer({ router: false });
	assert.deepEqual(await told(0), ['0 ask 192.0.2.7 all', '0 send 1 7', '0 no router 192.0.2.7']);
});

test('the table is bounded: who never answered goes first, then who was used least lately', async () => {
	const { send, driver, machine, clock } = place({ neighbors: 3 });
	const others = [1, 2, 3, 4].map((number) => ip(`192.0.2.${number}`));
	for (const other of others.slice(0, 2)) driver.send({ type: 'seen', hop: other, mac: macOf(1), create: true });
	const names = () => [...machine.list(clock.now())].map(({ address }) => address.bytes[3]).join();
	send(1, others[2]);
	send(1, others[3]);
	assert.equal(names(), '1,2,4');
	driver.send({ type: 'seen', hop: others[3]!, mac: macOf(4), create: true });
	send(1, others[0]);
	send(1, others[2]);
	assert.equal(names(), '4,1,3');
	driver.send({ type: 'flush' });
	assert.equal(names(), '');
	assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
});

test('questions per second are bounded', async () => {
	const { send, told } = place({ solicitations: 10 });
	for (let number = 1; number <= 100; number += 1) send(number, ip(`10.0.0.${number}`));
	assert.equal((await told(0)).length, 10);
	assert.equal((await told(999)).length, 0);
	assert.equal((await told(1)).length, 10);
});
