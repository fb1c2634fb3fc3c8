import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAddress } from '../../base/address.ts';
import { drive } from '../../base/machine.ts';
import { seededRandom } from '../../base/random.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as igmp from '../../wire/igmp.ts';
import * as ipv4 from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { end, Ground, ip, type Lan } from './lan-harness.ts';
import { type MembershipEvent, Memberships, type MembershipVersion } from './memberships.ts';

function place() {
	const clock = virtualClock({ auto: false });
	const machine = new Memberships(seededRandom(3));
	const log: string[] = [];
	const driver = drive<MembershipEvent, Parameters<typeof machine.step>[2]>(
		machine,
		{
			records: (records) =>
				log.push(records.map(({ type, group, sources }) => `${type} ${group} ${sources.join(',')}`.trim()).join('; ')),
			member: (group, version) => log.push(`${version} member ${group}`),
			left: (group) => log.push(`left ${group}`),
		},
		clock,
	);
	const group = ip('239.1.1.1');
	const join = (source?: string, at: IpAddress = group) =>
		driver.send({ type: 'join', group: at, source: source === undefined ? undefined : ip(source) });
	const leave = (source?: string, at: IpAddress = group) =>
		driver.send({ type: 'leave', group: at, source: source === undefined ? undefined : ip(source) });
	const query = (version: MembershipVersion, about?: IpAddress, sources: string[] = [], maxResponseTime = 10_000) =>
		driver.send({ type: 'query', version, group: about, sources: sources.map(ip), maxResponseTime });
	const told = async (milliseconds: number) => {
		await clock.advance(milliseconds);
		return log.splice(0);
	};
	return { clock, machine, driver, group, join, leave, query, told };
}

test('what changes is told twice, at once and within a second', async () => {
	const { join, leave, told, machine } = place();
	join();
	assert.deepEqual(await told(0), ['to-exclude 239.1.1.1']);
	assert.deepEqual(await told(1000), ['to-exclude 239.1.1.1']);
	join();
	leave();
	assert.deepEqual(await told(60_000), [], 'somebody is still in it');
	leave();
	assert.equal(machine.has(ip('239.1.1.1')), false);
	assert.deepEqual(await told(1000), ['to-include 239.1.1.1', 'to-include 239.1.1.1']);
	assert.deepEqual([machine.size, machine.deadline], [0, Number.POSITIVE_INFINITY]);
});

test('sources come and go one by one, until somebody wants all', async () => {
	const { join, leave, told } = place();
	join('192.0.2.1');
	assert.deepEqual(await told(1000), new Array(2).fill('allow 239.1.1.1 192.0.2.1'));
	join('192.0.2.2');
	leave('192.0.2.1');
	assert.deepEqual(await told(0), [
		'allow 239.1.1.1 192.0.2.2',
		'allow 239.1.1.1 192.0.2.2; block 239.1.1.1 192.0.2.1',
	]);
	assert.deepEqual(await told(1000), ['block 239.1.1.1 192.0.2.1']);
	join();
	assert.deepEqual(await told(1000), new Array(2).fill('to-exclude 239.1.1.1'));
	leave();
	assert.deepEqual(await told(1000), new Array(2).fill('to-include 239.1.1.1 192.0.2.2'));
});

test('a router that asks is answered within its time, about what it asked', async () => {
	const { join, query, told, group } = place();
	join();
	join('192.0.2.1', ip('232.0.0.1'));
	await told(2000);
	query('newest');
	assert.deepEqual(await told(10_000), ['exclude 239.1.1.1; include 232.0.0.1 192.0.2.1']);
	query('newest', group);
	assert.deepEqual(await told(10_000), ['exclude 239.1.1.1']);
	query('newest', ip('232.0.0.1'), ['192.0.2.1', '192.0.2.9']);
	assert.deepEqual(await told(10_000), ['include 232.0.0.1 192.0.2.1']);
	query('newest', ip('232.0.0.1'), ['192.0.2.9']);
	query('newest', ip('239.9.9.9'));
	assert.deepEqual(await told(10_000), []);
	query('newest', group, ['192.0.2.7']);
	assert.deepEqual(await told(10_000), ['include 239.1.1.1 192.0.2.7']);
});

test('questions that pile up are answered once', async () => {
	const { join, query, told, group } = place();
	join();
	await told(2000);
	for (let index = 0; index < 1000; index += 1) {
		query(
			'newest',
			group,
			Array.from({ length: 3 }, (_, source) => `10.0.${index % 250}.${source}`),
			100,
		);
	}
	assert.deepEqual(await told(200), ['exclude 239.1.1.1']);
	query('newest');
	query('newest', group);
	query('newest');
	assert.equal((await told(20_000)).length, 1);
});

test('with an older router: its messages, silence where another has answered, and back again', async () => {
	const { join, leave, query, told, driver, group } = place();
	join();
	await told(2000);
	query('older');
	assert.deepEqual(await told(10_000), ['older member 239.1.1.1']);
	query('older');
	driver.send({ type: 'answered', group });
	assert.deepEqual(await told(10_000), []);
	leave();
	assert.deepEqual(await told(20_000), ['left 239.1.1.1']);
	join();
	assert.deepEqual(await told(10_000), ['older member 239.1.1.1', 'older member 239.1.1.1']);
	query('oldest', undefined, [], 0);
	assert.deepEqual(await told(10_000), ['oldest member 239.1.1.1']);
	leave();
	assert.deepEqual(await told(300_000), []);
	join();
	assert.deepEqual(await told(1000), new Array(2).fill('to-exclude 239.1.1.1'));
});

test('groups that everybody is in are not told', async () => {
	const { join, leave, told, query, machine } = place();
	for (const text of ['224.0.0.1', 'ff02::1', 'ff01::5']) {
		join(undefined, ip(text));
		query('newest');
		assert.deepEqual(await told(20_000), []);
		leave(undefined, ip(text));
	}
	assert.equal(machine.size, 0);
});

/** The reports on a network, as text. */
function reports(lan: Lan): string[] {
	return lan.frames.splice(0).flatMap(({ frame }) => {
		const view = frame[12] === 8 ? ipv4.parse(frame, 14) : ipv6.parse(frame, 14);
		if (typeof view === 'string') return [];
		if (view instanceof ipv4.Ipv4View) {
			if (view.protocol !== 2) return [];
			const message = igmp.parse(frame, view.payloadStart, view.end);
			assert.ok(typeof message !== 'string');
			assert.deepEqual([view.hopLimit, [...view.options]], [1, [0x94, 4, 0, 0]]);
			return [
				`${view.destination} ${message.kind} ${'records' in message ? message.records.map(({ group }) => group) : message.group}`,
			];
		}
		if (view.nextHeader !== 0) return [];
		const message = icmpv6.parse(frame, view.payloadStart + 8, view.end, view.pseudoSum(58));
		assert.ok(typeof message !== 'string' && message.kind === 'listener-records');
		assert.equal(view.hopLimit, 1);
		return [`${view.destination} ${message.kind} ${message.records.map(({ group }) => group)}`];
	});
}

test('a port that joins is told of on the wire, hears the group from another host, and leaves it', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', 'fe80::1/64'] });
	const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', 'fe80::2/64'] });
	await ground.pass(5000);
	lan.frames.length = 0;
	for (const [group, local, from] of [
		['239.1.1.1', '0.0.0.0:5000', '192.0.2.1:5001'],
		['ff02::fb', '[::]:5000', '[fe80::1%eth0]:5001'],
	] as const) {
		const member = await ground.port('b', b, local, { group: { address: ip(group), interface: 'eth0' } });
		await ground.pass(2000);
		const to = group === '239.1.1.1' ? '224.0.0.22 records' : 'ff02::16 listener-records';
		assert.deepEqual(reports(lan), new Array(2).fill(`${to} ${group}`));
		const sender = await ground.port('a', a, local.replace('5000', '5001'), { interface: 'eth0' });
		const target = group.includes(':') ? `[${group}]:5000` : `${group}:5000`;
		sender.send(new Uint8Array(4), end(target));
		await ground.pass(100);
		assert.deepEqual(ground.heard(), [`b got 4 from ${from}`]);
		member.close();
		await ground.pass(2000);
		assert.deepEqual(reports(lan), new Array(2).fill(`${to} ${group}`));
		sender.send(new Uint8Array(4), end(target));
		await ground.pass(100);
		assert.deepEqual(ground.heard(), ['b close']);
	}
	assert.deepEqual(b.inspect().interfaces[1]!.groups.length, 1, 'the solicited-node group');
});

test('groups are bounded', async () => {
	const ground = new Ground();
	const stack = ground.stack(ground.lan().link(1), { addresses: ['192.0.2.1/24'], limits: { groups: 3 } });
	const bind = (number: number) =>
		ground.port('it', stack, '0.0.0.0:5000', { group: { address: ip(`239.0.0.${number}`) } });
	for (let number = 1; number <= 3; number += 1) await bind(number);
	await assert.rejects(bind(4), { code: 'resource-limit' });
	await bind(3);
});
