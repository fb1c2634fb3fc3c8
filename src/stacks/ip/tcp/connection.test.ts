import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsOf } from '../../../stack/metrics.ts';
import { tuneFlow } from '../../../stack/tuning.ts';
import { rejection } from '../../../testing/suite.ts';
import { RawPeer, stamp, there } from './raw-peer-harness.ts';
import { plus } from './sequence.ts';

test('a listener shakes hands, takes data, and closes after the peer', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	await peer.say({ flags: 'PA', data: 10 });
	assert.deepEqual(peer.heard.splice(0), ['data 10']);
	assert.deepEqual(peer.lines(), [], 'the acknowledgment waits for company');
	await peer.pass(40);
	assert.deepEqual(peer.lines(), ['A 0 10 0']);
	await peer.say({ flags: 'FA', sequence: plus(peer.sequence, 10) });
	peer.sequence = plus(peer.sequence, 11);
	assert.deepEqual(peer.lines(), ['A 0 0 0']);
	assert.deepEqual(peer.heard.splice(0), ['end']);
	peer.flow!.write([new Uint8Array(5)]);
	peer.flow!.end();
	await peer.pass(1);
	assert.deepEqual(peer.lines(), ['FPA 0 0 5']);
	peer.expected = plus(peer.expected, 6);
	await peer.say({ flags: 'A' });
	assert.deepEqual(peer.heard, ['close']);
	await peer.pass(300_000);
	assert.deepEqual(peer.lines(), []);
});

test('two full segments are acknowledged at once, and one after 40 ms', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ maximumSegmentSize: 1000 });
	await peer.say({ flags: 'A', data: 1000 });
	assert.deepEqual(peer.lines(), []);
	await peer.say({ flags: 'A', data: 1000, sequence: plus(peer.sequence, 1000) });
	assert.deepEqual(peer.lines(), ['A 0 2000 0']);
});

test('what comes out of order is acknowledged at once, with what is there', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ sackPermitted: true });
	const base = peer.sequence;
	await peer.say({ flags: 'A', data: 100, sequence: plus(base, 100) });
	await peer.say({ flags: 'A', data: 100, sequence: plus(base, 300) });
	const said = peer.answers();
	const block = (left: number) => ({ left: plus(base, left), right: plus(base, left + 100) });
	assert.deepEqual(
		said.map(({ acknowledgment, options }) => [acknowledgment, options.sack]),
		[
			[base, [block(100)]],
			[base, [block(300), block(100)]],
		],
	);
	await peer.say({ flags: 'A', data: 100, sequence: base });
	assert.equal(peer.answers().at(-1)?.acknowledgment, plus(base, 200));
	await peer.say({ flags: 'A', data: 100, sequence: base });
	// What came twice comes first. RFC 2883 §4
	assert.deepEqual(peer.answers().at(-1)?.options.sack, [block(0), block(300)]);
	await peer.say({ flags: 'A', data: 100, sequence: plus(base, 200) });
	assert.equal(peer.answers().at(-1)?.acknowledgment, plus(base, 400));
	assert.deepEqual(peer.heard, ['data 200', 'data 200']);
});

test('a connect that nobody answers is repeated with longer and longer pauses, and times out', async () => {
	const peer = new RawPeer();
	const { signal } = new AbortController();
	const connecting = rejection(peer.stack.connect({ address: there, port: 80 }, { signal }), 'timed-out');
	await peer.pass(200_000);
	const error = await connecting;
	assert.equal(error.remote, '192.0.2.2:80');
	assert.deepEqual(
		peer.answers().map(({ flags, at }) => `${flags} ${at}`),
		['S 0', 'S 1000', 'S 3000', 'S 7000', 'S 15000', 'S 31000', 'S 63000', 'S 123000'],
	);
	assert.equal(peer.stack.inspect().sockets.length, 0);
});

test('both may open at once', async () => {
	const peer = new RawPeer();
	const { signal } = new AbortController();
	const connecting = peer.stack.connect({ address: there, port: 5000 }, { signal });
	await peer.pass(1);
	const [syn] = peer.answers();
	peer.to = syn!.ports[0];
	await peer.say({ flags: 'S' });
	peer.sequence = plus(peer.sequence, 1);
	peer.expected = plus(syn!.sequence, 1);
	assert.deepEqual(peer.lines(), ['SA -1 0 0']);
	await peer.say({ flags: 'SA', sequence: plus(peer.sequence, -1) });
	peer.take(await connecting);
	await peer.say({ flags: 'A', data: 3 });
	assert.deepEqual(peer.heard, ['data 3']);
});

test('both may close at once, and late segments then meet TIME-WAIT', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	peer.flow!.end();
	await peer.pass(1);
	assert.deepEqual(peer.lines(), ['FA 0 0 0']);
	await peer.say({ flags: 'FA' });
	peer.sequence = plus(peer.sequence, 1);
	assert.deepEqual(peer.lines(), ['A 1 0 0']);
	assert.deepEqual(peer.heard, ['end']);
	peer.expected = plus(peer.expected, 1);
	await peer.say({ flags: 'A' });
	assert.deepEqual(peer.heard, ['end', 'close']);
	await peer.say({ flags: 'FA', sequence: plus(peer.sequence, -1) });
	assert.deepEqual(peer.lines(), ['A 0 0 0']);
	await peer.say({ flags: 'R' });
	await peer.say({ flags: 'FA', sequence: plus(peer.sequence, -1) });
	assert.deepEqual(peer.lines(), ['A 0 0 0'], 'a reset does not end it (RFC 1337)');
	await peer.pass(60_000);
	await peer.say({ flags: 'FA', sequence: plus(peer.sequence, -1) });
	assert.deepEqual(peer.lines(), ['R 0 - 0']);
});

test('a SYN of a later connection may end TIME-WAIT', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	peer.flow!.end();
	await peer.pass(1);
	peer.expected = plus(peer.expected, 1);
	await peer.say({ flags: 'FA' });
	peer.answers();
	peer.sequence = plus(peer.sequence, 1000);
	await peer.shake();
	await peer.say({ flags: 'A', data: 4 });
	assert.ok(peer.heard.includes('data 4'));
});

test('what nobody expects is reset, and a reset is not', async () => {
	const peer = new RawPeer();
	await peer.say({ flags: 'S', sequence: 77 });
	const [first] = peer.answers();
	assert.deepEqual([first?.flags, first?.sequence, first?.acknowledgment], ['RA', 0, 78]);
	await peer.say({ flags: 'A', acknowledgment: 500, data: 3 });
	const [second] = peer.answers();
	assert.deepEqual([second?.flags, second?.sequence], ['R', 500]);
	await peer.say({ flags: 'R' });
	assert.deepEqual(peer.lines(), []);
});

test('RFC 5961: only the exact reset is believed, and a SYN never; both are challenged, not too often', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	for (let index = 0; index < 30; index += 1)
		await peer.say({ flags: index % 2 ? 'R' : 'S', sequence: peer.sequence + 9 });
	const challenges = peer.lines();
	assert.ok(challenges.length >= 10 && challenges.length <= 12, `${challenges.length}`);
	assert.equal(challenges[0], 'A 0 0 0');
	assert.deepEqual(peer.heard, []);
	await peer.say({ flags: 'R' });
	assert.deepEqual(peer.heard, ['close reset']);
});

test('PAWS: what is older than what was heard is not taken, nor what has no timestamp', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake(stamp(100));
	await peer.say({ flags: 'A', data: 5, options: stamp(200) });
	await peer.say({ flags: 'A', data: 5, options: stamp(150), sequence: plus(peer.sequence, 5) });
	await peer.say({ flags: 'A', data: 5, sequence: plus(peer.sequence, 5) });
	assert.deepEqual(peer.heard, ['data 5']);
	await peer.say({ flags: 'A', data: 5, options: stamp(201), sequence: plus(peer.sequence, 5) });
	assert.deepEqual(peer.heard, ['data 5', 'data 5']);
});

test('a shut window is probed with one byte, as long as somebody answers', async () => {
	const peer = await new RawPeer({ tcp: { limits: { userTimeout: 100_000 } } }).listen();
	await peer.shake({}, 0);
	peer.flow!.write([new Uint8Array(100)]);
	for (let round = 0; round < 10; round += 1) {
		await peer.say({ flags: 'A', window: 0 });
		await peer.pass(60_000);
		const lines = peer.lines();
		assert.ok(lines.length > 0 && lines.every((line) => line.endsWith(' 1')), lines.join());
	}
	assert.deepEqual(peer.heard, []);
	await peer.say({ flags: 'A', window: 1000 });
	const lengths = peer.answers().map(({ length }) => length);
	assert.equal(
		lengths.reduce((sum, length) => sum + length, 0),
		100,
	);
	await peer.pass(400_000);
	assert.deepEqual(peer.heard, ['close timed-out']);
});

test('a reader that pauses shuts the window, and opens it again', async () => {
	const peer = await new RawPeer({ tcp: { limits: { receiveBuffer: 4096 } } }).listen();
	await peer.shake();
	peer.flow!.pause();
	for (let at = 0; at < 4096; at += 1024) {
		await peer.say({ flags: 'A', data: 1024, sequence: plus(peer.sequence, at) });
	}
	await peer.pass(100);
	assert.equal(peer.answers().at(-1)?.window, 0);
	peer.sequence = plus(peer.sequence, 4096);
	await peer.say({ flags: 'A', data: 1 });
	assert.deepEqual(peer.lines(), ['A 0 0 0'], 'a probe is answered, its byte not taken');
	peer.flow!.resume();
	await peer.pass(1);
	assert.equal(peer.answers().at(-1)?.window, 4096);
});

test('keep-alive probes a silent peer, and gives up after as many as told', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	tuneFlow(peer.flow!, { keepAlive: 10_000, keepAliveInterval: 2000, keepAliveCount: 3 });
	await peer.pass(10_000);
	assert.deepEqual(peer.lines(), ['A -1 0 0']);
	await peer.say({ flags: 'A' });
	await peer.pass(9000);
	assert.deepEqual(peer.lines(), []);
	await peer.pass(20_000);
	assert.deepEqual(peer.lines(), ['A -1 0 0', 'A -1 0 0', 'A -1 0 0', 'RA 0 0 0']);
	assert.deepEqual(peer.heard, ['close timed-out']);
});

test('the user timeout ends a flow whose bytes nobody acknowledges', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	tuneFlow(peer.flow!, { userTimeout: 5000 });
	peer.flow!.write([new Uint8Array(10)]);
	await peer.pass(4990);
	assert.deepEqual(peer.heard, []);
	await peer.pass(20);
	assert.deepEqual(peer.heard, ['close timed-out']);
	assert.equal(peer.answers().at(-1)?.flags, 'RA');
});

test('a listener under pressure answers with cookies, and keeps nothing for them', async () => {
	const peer = await new RawPeer().listen(2);
	for (let port = 6000; port < 6100; port += 1) await peer.say({ flags: 'S', port, options: { windowScale: 7 } });
	const answers = peer.answers().filter(({ flags }) => flags === 'SA');
	assert.ok(answers.length >= 100);
	const cookie = answers.find(({ ports }) => ports[1] === 6050)!;
	assert.equal(cookie.options.windowScale, undefined);
	const port = 6050;
	await peer.say({ flags: 'A', port, sequence: 1001, acknowledgment: plus(cookie.sequence, 2), data: 3 });
	assert.deepEqual(peer.heard, [], 'one that we did not make');
	await peer.say({ flags: 'A', port, sequence: 1001, acknowledgment: plus(cookie.sequence, 1), data: 3 });
	await peer.say({ flags: 'A', port, sequence: 1004, acknowledgment: plus(cookie.sequence, 1), data: 4 });
	assert.deepEqual(peer.heard, ['data 3', 'data 4']);
});

test('fast retransmit: the third duplicate acknowledgment, without SACK', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ maximumSegmentSize: 1000 });
	peer.flow!.write([new Uint8Array(8000)]);
	await peer.pass(1);
	assert.equal(peer.answers().length, 8);
	for (let index = 0; index < 2; index += 1) await peer.say({ flags: 'A' });
	assert.deepEqual(peer.lines(), []);
	await peer.say({ flags: 'A' });
	assert.deepEqual(peer.lines(), ['PA 0 0 1000']);
	peer.expected = plus(peer.expected, 3000);
	await peer.say({ flags: 'A' });
	assert.deepEqual(peer.lines(), ['PA 0 0 1000'], 'a partial acknowledgment shows the next hole (RFC 6582)');
});

test('the retransmission timer doubles, and the first acknowledgment sets it back', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ maximumSegmentSize: 1000 });
	const start = peer.clock.now();
	peer.flow!.write([new Uint8Array(10)]);
	await peer.pass(7000);
	const times = peer.answers().map(({ at }) => at - start);
	const gaps = times.slice(1).map((at, index) => at - times[index]!);
	for (let index = 1; index < gaps.length; index += 1) assert.equal(gaps[index], 2 * gaps[index - 1]!);
	assert.ok(gaps[0]! >= 200 && gaps.length >= 4);
});

test('a peer that goes on talking does not put off what it has not acknowledged', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	peer.flow!.write([new Uint8Array(10)]);
	await peer.pass(1);
	assert.deepEqual(peer.lines(), ['PA 0 0 10']);
	for (let at = 0; at < 100; at += 1) {
		await peer.say({ flags: 'A', data: 1, sequence: plus(peer.sequence, at) });
		await peer.pass(10);
	}
	assert.ok(peer.answers().filter(({ length }) => length === 10).length >= 2);
});

test('what the peer selects byte by byte is bounded', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ sackPermitted: true, windowScale: 7, maximumSegmentSize: 1460 });
	peer.flow!.write([new Uint8Array(14_000)]);
	await peer.pass(1);
	for (let at = 1; at < 14_000; at += 60) {
		const sack = [0, 2, 4, 6].map((more) => ({
			left: plus(peer.expected, at + more),
			right: plus(peer.expected, at + more + 1),
		}));
		await peer.say({ flags: 'A', options: { sack } });
	}
	peer.expected = plus(peer.expected, 14_000);
	await peer.say({ flags: 'A' });
	await peer.pass(10_000);
	peer.answers();
	peer.flow!.write([new Uint8Array(10)]);
	await peer.pass(1);
	assert.deepEqual(peer.lines(), ['PA 0 0 10']);
});

test('with Nagle a small segment waits for what is under way; without, it does not', async () => {
	for (const nagle of [true, false]) {
		const peer = await new RawPeer({ tcp: { nagle } }).listen();
		await peer.shake();
		peer.flow!.write([new Uint8Array(10)]);
		await peer.pass(1);
		peer.flow!.write([new Uint8Array(20)]);
		await peer.pass(1);
		assert.deepEqual(peer.lines(), nagle ? ['PA 0 0 10'] : ['PA 0 0 10', 'PA 10 0 20']);
		peer.expected = plus(peer.expected, 10);
		await peer.say({ flags: 'A' });
		assert.deepEqual(peer.lines(), nagle ? ['PA 0 0 20'] : []);
	}
});

test('RFC 3168: marks are echoed until they are heard of, and make the window smaller once', async () => {
	const peer = await new RawPeer().listen();
	await peer.say({ flags: 'SEC', options: { maximumSegmentSize: 1000 } });
	const [answer] = peer.answers();
	assert.equal(answer?.flags, 'SAE');
	peer.sequence = plus(peer.sequence, 1);
	peer.expected = plus(answer.sequence, 1);
	await peer.say({ flags: 'A', data: 1000, ecn: 3 });
	await peer.pass(50);
	assert.deepEqual(
		peer.answers().map(({ flags, ecn }) => [flags, ecn]),
		[['AE', 0]],
	);
	peer.sequence = plus(peer.sequence, 1000);
	await peer.say({ flags: 'AC', data: 1000, ecn: 2 });
	await peer.pass(50);
	assert.equal(peer.answers().at(-1)?.flags, 'A');
	peer.sequence = plus(peer.sequence, 1000);
	peer.flow!.write([new Uint8Array(9000)]);
	await peer.pass(1);
	assert.ok(peer.answers().every(({ ecn }) => ecn === 2));
	const before = metricsOf(peer.flow!)!.congestionWindow!;
	peer.expected = plus(peer.expected, 1000);
	await peer.say({ flags: 'AE' });
	const after = metricsOf(peer.flow!)!.congestionWindow!;
	assert.ok(after < before);
	await peer.say({ flags: 'AE' });
	assert.equal(metricsOf(peer.flow!)!.congestionWindow, after);
	peer.expected = plus(peer.expected, 8000);
	await peer.say({ flags: 'A' });
	peer.flow!.write([new Uint8Array(10)]);
	await peer.pass(1);
	assert.equal(peer.answers().at(-1)?.flags, 'PAC');
});
