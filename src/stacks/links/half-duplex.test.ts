import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../../base/random.ts';
import { ethernet10, HalfDuplex, type HalfDuplexEvent } from './half-duplex.ts';

/** The worst luck in every wait. */
const unlucky: Random = { uint32: () => 0, below: (limit) => limit - 1, fill: (bytes) => bytes };

/** A station, and what it does, in bit times. Its frame has 1000 bits, and 64 before them. */
function station(random = unlucky) {
	const machine = new HalfDuplex<string>(ethernet10, random);
	const log: string[] = [];
	let now = 0;
	const sink = {
		onSignal: () => void log.push(`${now} signal`),
		onSilence: (sent: string | undefined) => void log.push(`${now} ${sent ?? 'collided'}`),
		onGivenUp: (frame: string) => void log.push(`${now} gave up ${frame}`),
	};
	function wakeUntil(at: number): void {
		while (machine.deadline <= at) {
			now = machine.deadline;
			machine.step({ type: 'wake' }, now, sink);
		}
		now = at;
	}
	function at(time: number, event: HalfDuplexEvent<string>): void {
		wakeUntil(time);
		machine.step(event, now, sink);
	}
	const send = (time: number, frame: string) => at(time, { type: 'send', frame, bits: 1000 });
	const carrier = (time: number, sensed: boolean) => at(time, { type: 'carrier', sensed });
	return { machine, log, send, carrier, wakeUntil };
}

test('on a silent wire a frame leaves at once, the next a gap later, a short one padded', () => {
	const { log, send, machine, wakeUntil } = station();
	send(1000, 'a');
	assert.equal(machine.busy, true);
	wakeUntil(2064);
	assert.equal(machine.busy, false);
	send(2064, 'b');
	wakeUntil(5000);
	const short = new HalfDuplex<string>(ethernet10, unlucky);
	short.step({ type: 'send', frame: 'c', bits: 8 }, 0, { onSignal() {}, onSilence() {}, onGivenUp() {} });
	assert.equal(short.deadline, 64 + 512);
	assert.deepEqual(log, ['1000 signal', '2064 a', '2160 signal', '3224 b']);
	assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
});

test('a busy wire is waited for, and the gap begins again for what comes in its first two thirds', () => {
	const { log, send, carrier, wakeUntil } = station();
	carrier(0, true);
	send(10, 'a');
	carrier(500, false);
	carrier(563, true);
	carrier(800, false);
	wakeUntil(5000);
	assert.deepEqual(log, ['896 signal', '1960 a']);
});

test('what comes in the last third of the gap collides', () => {
	const { log, send, carrier, wakeUntil } = station();
	carrier(0, true);
	send(10, 'a');
	carrier(500, false);
	carrier(564, true);
	wakeUntil(700);
	assert.deepEqual(log, ['596 signal', `${596 + 64 + 32} collided`]);
});

test('a frame that comes in the last third waits for the wire that is busy again', () => {
	const { log, send, carrier, wakeUntil } = station();
	carrier(0, true);
	carrier(500, false);
	carrier(564, true);
	send(570, 'a');
	wakeUntil(1000);
	assert.deepEqual(log, []);
	carrier(1000, false);
	wakeUntil(1100);
	assert.deepEqual(log, ['1096 signal']);
});

test('a collision ends the preamble and jams; its waits double up to ten times; the sixteenth gives up', () => {
	const { log, send, carrier, wakeUntil, machine } = station();
	send(0, 'a');
	for (let collision = 1; collision <= 16; collision += 1) {
		if (collision > 1) wakeUntil(machine.deadline);
		const began = Number(log.at(-1)?.split(' ')[0]);
		// In the preamble at first, later behind it.
		const noticed = began + (collision === 1 ? 10 : 100);
		carrier(noticed, true);
		const ended = (collision === 1 ? began + 64 : noticed) + 32;
		carrier(ended, false);
		assert.equal(log.at(collision === 16 ? -2 : -1), `${ended} collided`);
		if (collision < 16) assert.equal(machine.deadline, ended + 512 * (2 ** Math.min(collision, 10) - 1) || ended + 96);
	}
	assert.match(log.at(-1)!, /gave up a$/);
	assert.equal(log.filter((line) => line.endsWith('signal')).length, 16);
	assert.equal(machine.busy, false);
	const end = Number(log.at(-1)?.split(' ')[0]);
	send(end, 'b');
	assert.equal(machine.deadline, end + 96, 'the next frame waits for the gap only');
});

test('who waits after a collision listens to all of the gap', () => {
	const { log, send, carrier, wakeUntil } = station();
	send(0, 'a');
	carrier(100, true);
	carrier(132, false);
	carrier(132 + 70, true);
	carrier(1000, false);
	wakeUntil(1096);
	assert.deepEqual(log, ['0 signal', '132 collided', '1096 signal']);
});

test('after a success the count of collisions begins again', () => {
	const { send, carrier, wakeUntil, machine } = station();
	for (const start of [0, 100_000]) {
		send(start, 'a');
		carrier(start + 100, true);
		carrier(start + 132, false);
		assert.equal(machine.deadline, start + 132 + 512, 'one slot at most after the first');
		wakeUntil(start + 50_000);
		assert.equal(machine.busy, false);
	}
});
