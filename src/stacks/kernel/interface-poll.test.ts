import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { IpAddress } from '../../base/address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Interface, InterfaceChange } from '../../stack/stack.ts';
import { InterfacePoll } from './interface-poll.ts';
import { kernel } from './kernel.ts';

function ground() {
	const clock = virtualClock({ auto: false });
	const there: Interface[] = [];
	let reads = 0;
	let trouble = false;
	const poll = new InterfacePoll(clock, () => {
		reads += 1;
		if (trouble) throw new Error('EMFILE');
		return [...there];
	});
	const log: string[] = [];
	function watch(name: string) {
		return poll.watch(({ added, removed, changed }: InterfaceChange) => {
			const names = [added, removed, changed].map((list) => list.map((each) => each.name).join());
			log.push(`${clock.now()} ${name} +${names[0]} -${names[1]} ~${names[2]}`);
		});
	}
	return {
		clock,
		poll,
		watch,
		log,
		there,
		reads: () => reads,
		fail: (now: boolean) => {
			trouble = now;
		},
	};
}

function one(name: string, mtu = 1500): Interface {
	return { name, addresses: [IpAddress.loopback4], mtu, loopback: true };
}

test('it looks once per half a second, and only while somebody watches', async () => {
	const { clock, watch, log, there, reads } = ground();
	await clock.advance(5000);
	assert.deepEqual([reads(), clock.pending], [0, 0]);
	const a = watch('a');
	const b = watch('b');
	assert.equal(clock.pending, 1);
	there.push(one('eth0'));
	await clock.advance(499);
	assert.deepEqual([reads(), log], [2, []]);
	await clock.advance(1);
	assert.deepEqual(log.splice(0), ['5500 a +eth0 - ~', '5500 b +eth0 - ~']);
	there[0] = one('eth0', 1400);
	b[Symbol.dispose]();
	b[Symbol.dispose]();
	await clock.advance(1000);
	assert.deepEqual([log.splice(0), reads()], [['6000 a + - ~eth0'], 5]);
	a[Symbol.dispose]();
	assert.equal(clock.pending, 0);
});

test('each hears what changed since it began to watch', async () => {
	const { clock, watch, log, there, poll } = ground();
	watch('a');
	there.push(one('eth0'));
	watch('b');
	there[0] = one('wlan0');
	await clock.advance(500);
	assert.deepEqual(log.splice(0), ['500 a +wlan0 - ~', '500 b +wlan0 -eth0 ~']);
	there.pop();
	poll.close();
	await clock.advance(5000);
	assert.deepEqual([log, clock.pending], [[], 0]);
});

test('who stops watching in an event hears nothing more of that look', async () => {
	const { clock, poll, there } = ground();
	let heard = 0;
	const watchers = [0, 1].map(() =>
		poll.watch(() => {
			heard += 1;
			for (const each of watchers) each[Symbol.dispose]();
		}),
	);
	there.push(one('eth0'));
	await clock.advance(2000);
	assert.deepEqual([heard, clock.pending], [1, 0]);
});

test('a look that fails is made up for by the next', async () => {
	const { clock, watch, log, there, fail } = ground();
	const watching = watch('a');
	there.push(one('eth0'));
	fail(true);
	await clock.advance(1000);
	fail(false);
	await clock.advance(500);
	assert.deepEqual(log, ['1500 a +eth0 - ~']);
	watching[Symbol.dispose]();
});

test('a closed stack cannot be watched', async () => {
	const stack = kernel();
	stack.watch(() => {});
	assert.equal(stack.open, 0);
	await stack.close();
	assert.throws(() => stack.watch(() => {}), { code: 'closed', operation: 'watch' });
});

test('watching does not hold the process', async () => {
	const program = `
		import { kernel } from ${JSON.stringify(new URL('./kernel.ts', import.meta.url).href)};
		kernel().watch(() => {});
		setTimeout(() => process.exit(console.log('held')), 2000).unref();
		process.on('exit', () => console.log('over'));
	`;
	const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
	assert.equal(stdout, 'over\n');
});
