import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as realDelay } from 'node:timers/promises';
import { atTurnEnd } from './turn.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

function delay(clock: VirtualClock, milliseconds: number): Promise<void> {
	return new Promise((resolve) => void clock.after(milliseconds, resolve));
}

function turn(): Promise<void> {
	return new Promise((resolve) => atTurnEnd(resolve));
}

test('time jumps from timer to timer, and takes no time', async () => {
	const clock = virtualClock({ start: 1000 });
	const before = performance.now();
	await delay(clock, 3_600_000);
	assert.equal(clock.now(), 3_601_000);
	await delay(clock, 0.5);
	assert.equal(clock.now(), 3_601_000.5);
	assert.ok(performance.now() - before < 60_000);
});

test('timers run by moment, those of one moment in the order they were set', async () => {
	const clock = virtualClock();
	const log: string[] = [];
	for (const [name, at] of [
		['c', 20],
		['a', 10],
		['d', 20],
		['b', 10],
		['now', -5],
	] as const) {
		clock.after(at, () => log.push(`${name} ${clock.now()}`));
	}
	assert.equal(clock.pending, 5);
	await delay(clock, 30);
	assert.deepEqual(log, ['now 0', 'a 10', 'b 10', 'c 20', 'd 20']);
	assert.equal(clock.pending, 0);
});

test('what was awaited finishes before time moves on', async () => {
	const clock = virtualClock();
	const moments: number[] = [];
	clock.after(1, () => {});
	for (let index = 0; index < 3; index += 1) {
		for (let microtask = 0; microtask < 50; microtask += 1) await undefined;
		await turn();
		moments.push(clock.now());
	}
	assert.deepEqual(moments, [0, 0, 0]);
	for (let index = 0; index < 20; index += 1) {
		await new Promise<void>((resolve) => clock.soon(resolve));
		moments.push(clock.now());
	}
	assert.ok(
		moments.every((moment) => moment === 0),
		'soon() is work of the same moment',
	);
	await delay(clock, 2);
	assert.equal(clock.now(), 2);
});

test('each timer of one moment has a turn of its own, and may cancel the next', async () => {
	const clock = virtualClock();
	const log: string[] = [];
	clock.after(5, () => {
		log.push('first');
		void Promise.resolve().then(() => log.push('its promise'));
		second.cancel();
		second.cancel();
	});
	const second = clock.after(5, () => log.push('never'));
	clock.after(5, () => log.push('third'));
	await delay(clock, 10);
	assert.deepEqual(log, ['first', 'its promise', 'third']);
});

test('a clock whose timers were all cancelled, at any moment, still runs the next', async () => {
	for (let moment = 0; moment < 8; moment += 1) {
		const clock = virtualClock();
		const timer = clock.after(5, () => {});
		for (let index = 0; index < moment; index += 1) await turn();
		timer.cancel();
		for (let index = 0; index < moment; index += 1) await turn();
		const start = clock.now();
		await delay(clock, 7);
		assert.equal(clock.now(), start + 7);
	}
});

test('a timer that is cancelled after it ran takes no other with it', async () => {
	const clock = virtualClock();
	let ran = false;
	const timer = clock.after(1, () => {});
	clock.after(5, () => (ran = true));
	await delay(clock, 2);
	timer.cancel();
	await delay(clock, 5);
	assert.equal(ran, true);
});

test('a hold stops time until it is released, once', async () => {
	const clock = virtualClock();
	const [release, other] = [clock.hold(), clock.hold()];
	let at: number | undefined;
	clock.after(5, () => (at = clock.now()));
	await realDelay(20);
	release();
	release();
	await realDelay(20);
	assert.equal(at, undefined, 'the other hold is still taken');
	other();
	await delay(clock, 6);
	assert.equal(at, 5);
});

test('Infinity is never, and does not take the others with it', async () => {
	const clock = virtualClock();
	const timer = clock.after(Number.POSITIVE_INFINITY, () => assert.fail('never has come'));
	await delay(clock, 10);
	await realDelay(10);
	assert.deepEqual([clock.now(), clock.pending], [10, 1]);
	timer.cancel();
	assert.equal(clock.pending, 0);
});

test('a timer that throws reaches the host, and time goes on', async () => {
	const clock = virtualClock();
	const uncaught: unknown[] = [];
	process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
	try {
		clock.after(1, () => {
			throw new Error('a bug');
		});
		await delay(clock, 2);
		assert.deepEqual([clock.now(), uncaught.length], [2, 1]);
	} finally {
		process.setUncaughtExceptionCaptureCallback(null);
	}
});

test('with auto off only advance() moves time', async () => {
	const clock = virtualClock({ auto: false, start: 100 });
	const log: number[] = [];
	const note = () => log.push(clock.now());
	for (const at of [5, 10, 15, 20]) clock.after(at, note);
	await realDelay(20);
	assert.deepEqual([clock.now(), log], [100, []]);
	await clock.advance(10);
	assert.deepEqual([clock.now(), log], [110, [105, 110]]);
	await realDelay(20);
	assert.equal(clock.now(), 110);
	clock.after(2, () => clock.after(2, note));
	await clock.advance(4);
	assert.deepEqual([clock.now(), log.at(-1)], [114, 114], 'a timer set on the way is due on the way');
	await clock.advance(0);
	assert.equal(clock.now(), 114);
	await clock.advance(1000);
	assert.deepEqual([clock.now(), log], [1114, [105, 110, 114, 115, 120]]);
});

test('a timer that is due now runs although only advance() moves time', async () => {
	const clock = virtualClock({ auto: false });
	clock.after(5, () => {});
	await clock.advance(1);
	await realDelay(10);
	await delay(clock, 0);
	assert.equal(clock.now(), 1);
});

test('advance() says when it cannot be used', async () => {
	assert.throws(() => virtualClock().advance(1), { code: 'bad-argument' });
	const clock = virtualClock({ auto: false });
	const advancing = clock.advance(1);
	assert.throws(() => clock.advance(1), { code: 'bad-argument' });
	await advancing;
});
