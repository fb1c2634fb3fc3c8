import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { atTurnEnd } from './turn.ts';

test('the system clock goes forward, and its timers come in time and order', async () => {
	const start = systemClock.now();
	const order: string[] = [];
	await new Promise<void>((resolve) => {
		systemClock.after(30, () => {
			order.push('late');
			resolve();
		});
		systemClock.after(5, () => order.push('early'));
		systemClock.after(-5, () => order.push('at once'));
		systemClock.after(1, () => order.push('never')).cancel();
	});
	assert.deepEqual(order, ['at once', 'early', 'late']);
	// The host's timers count whole milliseconds, so the last one may not be over.
	assert.ok(systemClock.now() - start >= 29);
});

test('a time longer than the host can count does not fire at once', async () => {
	const warnings: Error[] = [];
	const warn = (warning: Error) => void warnings.push(warning);
	process.on('warning', warn);
	const timers = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((milliseconds) =>
		systemClock.after(milliseconds, () => assert.fail(`${milliseconds} ms are over`)),
	);
	await new Promise<void>((resolve) => void systemClock.after(30, resolve));
	for (const timer of timers) timer.cancel();
	process.off('warning', warn);
	assert.deepEqual(warnings, []);
});

test('a long time is counted in pieces, held or not', (t) => {
	t.mock.timers.enable({ apis: ['setTimeout'] });
	let ran = 0;
	const month = 2_678_400_000;
	systemClock.after(month, () => (ran += 1));
	const gone = systemClock.after(month, () => assert.fail('it was cancelled'));
	const unheld = systemClock.after(month, () => (ran += 10));
	unheld.unref?.();
	t.mock.timers.tick(2 ** 31 - 1);
	gone.cancel();
	unheld.unref?.();
	assert.equal(ran, 0);
	t.mock.timers.tick(month - (2 ** 31 - 1) - 1);
	assert.equal(ran, 0);
	t.mock.timers.tick(1);
	assert.equal(ran, 11);
});

test('soon runs at the end of the turn, in order, what it schedules in the next', async () => {
	const order: string[] = [];
	await new Promise<void>((resolve) => {
		systemClock.soon(() => {
			order.push('first');
			systemClock.soon(() => {
				order.push('nested');
				resolve();
			});
		});
		systemClock.soon(() => order.push('second'));
		void Promise.resolve().then(() => order.push('promise'));
		order.push('now');
	});
	assert.deepEqual(order, ['now', 'promise', 'first', 'second', 'nested']);
});

test('one that throws at the end of a turn does not stop the others, nor their order', async () => {
	const uncaught: unknown[] = [];
	process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
	try {
		const order: string[] = [];
		await new Promise<void>((resolve) => {
			atTurnEnd(() => order.push('first'));
			for (const bug of [1, 2]) {
				atTurnEnd(() => {
					atTurnEnd(() => order.push(`after ${bug}`));
					throw new Error(`bug ${bug}`);
				});
			}
			atTurnEnd(() => order.push('second'));
			atTurnEnd(() => atTurnEnd(resolve));
		});
		assert.deepEqual(order, ['first', 'second', 'after 1', 'after 2']);
		assert.deepEqual(uncaught.map(String), ['Error: bug 1', 'Error: bug 2']);
	} finally {
		process.setUncaughtExceptionCaptureCallback(null);
	}
});
