import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drive, type Machine } from './machine.ts';
import { virtualClock } from './virtual-clock.ts';

type Event = { readonly type: 'set'; readonly deadline: number } | { readonly type: 'say'; readonly text: string };

/** Writes down what it is told and when; `set` moves its deadline, and a wake ends it. */
function scribe() {
	const clock = virtualClock();
	const log: string[] = [];
	let deadline = Number.POSITIVE_INFINITY;
	const machine: Machine<Event, (line: string) => void> = {
		get deadline() {
			return deadline;
		},
		step(event, now, sink) {
			if (event.type === 'set') deadline = event.deadline;
			if (event.type === 'wake') deadline = Number.POSITIVE_INFINITY;
			sink(`${now} ${event.type === 'say' ? event.text : event.type}`);
		},
	};
	const driver = drive(machine, (line) => void log.push(line), clock);
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	return { clock, log, driver, machine, after };
}

test('an event is a step now, a deadline a wake then', async () => {
	const { log, driver, after } = scribe();
	driver.send({ type: 'say', text: 'hello' });
	driver.send({ type: 'set', deadline: 50 });
	await after(20);
	driver.send({ type: 'say', text: 'still here' });
	await after(1000);
	assert.deepEqual(log, ['0 hello', '0 set', '20 still here', '50 wake']);
});

test('a deadline may move either way, or go', async () => {
	const { log, driver, after, clock } = scribe();
	driver.send({ type: 'set', deadline: 50 });
	driver.send({ type: 'set', deadline: 80 });
	await after(60);
	driver.send({ type: 'set', deadline: 70 });
	await after(40);
	driver.send({ type: 'set', deadline: 200 });
	driver.send({ type: 'set', deadline: Number.POSITIVE_INFINITY });
	assert.equal(clock.pending, 0);
	await after(200);
	assert.deepEqual(log, ['0 set', '0 set', '60 set', '70 wake', '100 set', '100 set']);
});

test('a deadline that has passed is a wake in a later turn', async () => {
	const { log, driver, after } = scribe();
	await after(10);
	driver.send({ type: 'set', deadline: 5 });
	assert.deepEqual(log, ['10 set']);
	await after(0);
	assert.deepEqual(log, ['10 set', '10 wake']);
});

test('a machine that keeps its deadline is woken again, at the moment it says', async () => {
	const clock = virtualClock();
	const wakes: number[] = [];
	let deadline = 10;
	const driver = drive<never, undefined>(
		{
			get deadline() {
				return deadline;
			},
			step(_, now) {
				wakes.push(now);
				deadline += 10;
				if (wakes.length === 3) driver.stop();
			},
		},
		undefined,
		clock,
	);
	driver.send({ type: 'wake' } as never);
	await new Promise<void>((resolve) => void clock.after(100, resolve));
	assert.deepEqual(wakes, [0, 20, 30]);
	assert.equal(clock.pending, 0);
});

test('an event sent from inside a step waits until that step is over', () => {
	const { clock } = scribe();
	const log: string[] = [];
	let depth = 0;
	const machine: Machine<number, (n: number) => void> = {
		deadline: Number.POSITIVE_INFINITY,
		step(event, _, sink) {
			if (typeof event !== 'number') return;
			depth += 1;
			log.push(`${event} at depth ${depth}`);
			sink(event);
			depth -= 1;
		},
	};
	const driver = drive<number, (n: number) => void>(
		machine,
		(n) => {
			if (n < 3) {
				driver.send(n + 1);
				driver.send(10 * (n + 1));
			}
		},
		clock,
	);
	driver.send(1);
	assert.deepEqual(
		log,
		['1', '2', '20', '3', '30'].map((n) => `${n} at depth 1`),
	);
});

test('nothing happens after stop, not even what was waiting', async () => {
	const { clock } = scribe();
	const log: string[] = [];
	const driver = drive<string, (line: string) => void>(
		{ deadline: 50, step: (event, _, sink) => sink(String(event)) },
		(line) => {
			log.push(line);
			driver.send('waiting');
			driver.stop();
		},
		clock,
	);
	driver.send('first');
	driver.send('second');
	driver.stop();
	await new Promise<void>((resolve) => void clock.after(100, resolve));
	assert.deepEqual(log, ['first']);
	assert.equal(clock.pending, 0);
});

test('a step that throws loses neither the events that wait, nor the deadline', async () => {
	const clock = virtualClock();
	const log: string[] = [];
	const driver = drive<string, (line: string) => void>(
		{
			deadline: 50,
			step(event, now, sink) {
				const text = typeof event === 'string' ? event : event.type;
				sink(`${now} ${text}`);
				if (text === 'bug') throw new Error('a bug');
				if (text === 'wake') driver.stop();
			},
		},
		(line) => {
			log.push(line);
			if (line === '0 bug') driver.send('waited');
		},
		clock,
	);
	assert.throws(() => driver.send('bug'), /a bug/);
	driver.send('next');
	await new Promise<void>((resolve) => void clock.after(100, resolve));
	assert.deepEqual(log, ['0 bug', '0 waited', '0 next', '50 wake']);
});
