/** A carrier that outlives its connections: what moves over, what fails, who is told, when it is tried again. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import { until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';
import type { InitiateOptions } from './options.ts';
import { Pacing } from './reconnect.ts';

type Text = Carrier<string, string>;

/** A carrier that reconnects, and its peer on the listener that stays. */
async function ground(arm: Arm, options: InitiateOptions<string, string> = {}) {
	const listener = await arm.listen(lines());
	const client = await arm.connect(listener, { protocol: lines(), reconnect: {}, ...options });
	const server = (await listener.accept())!;
	return { listener, client, server };
}

function events(carrier: Text): string[] {
	const heard: string[] = [];
	carrier.observe('dormant', ({ code }) => heard.push(`dormant ${code}`));
	carrier.observe('active', () => heard.push('active'));
	carrier.observe('transient', ({ up }) => heard.push(up ? 'up' : 'down'));
	carrier.observe('closed', ({ error }) => heard.push(`closed ${error?.code}`));
	return heard;
}

function once(carrier: Text, name: 'dormant'): Promise<void> {
	return new Promise((resolve) => void carrier.observe(name, () => resolve()));
}

describe('a carrier with reconnect', () => {
	onBothArms('P-02 P-58 P-59 goes dormant when the connection is lost, and is active again on another', async (arm) => {
		const { listener, client, server } = await ground(arm);
		const heard = events(client);
		server.abort();
		const next = (await listener.accept())!;
		await until('it is active again', () => heard.includes('active'));
		assert.deepEqual(heard, ['down', 'dormant reset', 'up', 'active']);
		assert.equal(client.state, 'active');
		next.onMessage(({ content }) => next.send(content));
		assert.equal(await client.request('still there?'), 'still there?');
		await closeAll(client, next);
		await listener.close();
	});

	onBothArms('an orderly end of the peer is a loss as well, unless nothing more is to be sent', async (arm) => {
		const { listener, client, server } = await ground(arm);
		await server.close();
		const next = (await listener.accept())!;
		await client.send('last', { final: true });
		assert.equal((await next.receive())!.content, 'last');
		await next.close();
		assert.deepEqual(await client.closed, { by: 'remote', error: undefined });
		await listener.close();
	});

	onBothArms('the first message after it carries the cause; the iterator goes on', async (arm) => {
		const { listener, client, server } = await ground(arm);
		const gaps: (string | undefined)[] = [];
		const reading = (async () => {
			for await (const { content, gap } of client) {
				gaps.push(`${content} ${gap?.code}`);
				if (content === 'four') return;
			}
		})();
		await server.send('one');
		await server.send('two');
		await until('both came', () => gaps.length === 2);
		server.abort();
		const next = (await listener.accept())!;
		await next.send('three');
		await next.send('four');
		await reading;
		assert.deepEqual(gaps, ['one undefined', 'two undefined', 'three reset', 'four undefined']);
		await closeAll(client, next);
		await listener.close();
	});

	onMemory('a message half received is dropped with the connection that broke off in it', async (arm) => {
		const raw = await arm.rawServer();
		const client = await arm.connect(raw.port, { protocol: lines(), reconnect: {} });
		await until('it is there', () => raw.peers.length === 1);
		raw.peers[0]!.flow.write([new TextEncoder().encode('whole\nhal')]);
		assert.equal((await client.receive())!.content, 'whole');
		await arm.after(1);
		raw.peers[0]!.flow.abort();
		const next = client.receive();
		await until('it came back', () => raw.peers.length === 2);
		raw.peers[1]!.flow.write([new TextEncoder().encode('new\n')]);
		const received = (await next)!;
		assert.equal(received.content, 'new');
		assert.equal(received.gap?.code, 'reset');
		await client.close();
		for (const peer of raw.peers) peer.flow.abort();
		await raw.close();
	});

	onMemory('what was not handed down moves over, in order', async (arm) => {
		const { listener, client, server } = await ground(arm);
		assert.equal(await client.send('before'), 'sent');
		const lost = once(client, 'dormant');
		server.abort();
		await lost;
		const sendings = [client.send('one'), client.send('two'), client.send('three')];
		const next = (await listener.accept())!;
		assert.deepEqual(await Promise.all(sendings), ['sent', 'sent', 'sent']);
		for (const text of ['one', 'two', 'three']) assert.equal((await next.receive())!.content, text);
		await closeAll(client, next);
		await listener.close();
	});

	onMemory(
		'P-19 what the connection had taken and not confirmed fails, unless it is safely replayable',
		async (arm) => {
			const { listener, client, server } = await ground(arm);
			const large = 'x'.repeat(900_000);
			const outcomes: string[] = [];
			// The peer does not read: the first is handed to the connection, which cannot get rid of it.
			for (const [name, properties] of [
				['plain', {}],
				['replayable', { safelyReplayable: true }],
			] as const) {
				client.send(large + name, properties).then(
					() => outcomes.push(`${name} sent`),
					({ code }) => outcomes.push(`${name} ${code}`),
				);
			}
			await arm.after(10);
			server.abort();
			const next = (await listener.accept())!;
			const received = (await next.receive())!.content.slice(900_000);
			await until('both are told', () => outcomes.length === 2);
			assert.deepEqual(
				{ received, outcomes },
				{
					received: 'replayable',
					outcomes: ['plain send-failed', 'replayable sent'],
				},
			);
			await closeAll(client, next);
			await listener.close();
		},
	);

	onBothArms(
		'requests without a reply fail with the cause, those that are safely replayable are asked again',
		async (arm) => {
			const { listener, client, server } = await ground(arm);
			const lost = client.request('once');
			const again = client.request('twice', { safelyReplayable: true });
			assert.equal((await server.receive())!.content, 'once');
			assert.equal((await server.receive())!.content, 'twice');
			server.abort();
			await assert.rejects(lost, { code: 'reset' });
			const next = (await listener.accept())!;
			next.onMessage(({ content }) => next.send(`${content} answered`));
			assert.equal(await again, 'twice answered');
			assert.equal(await client.request('thrice'), 'thrice answered');
			await closeAll(client, next);
			await listener.close();
		},
	);

	onBothArms('when nobody answers any more it closes with the error of the last try', async (arm) => {
		const { listener, client, server } = await ground(arm, { reconnect: { attempts: 3, delay: 10 } });
		const heard = events(client);
		const waiting = client.receive();
		await listener.close();
		await arm.after(50);
		server.abort();
		const { by, error } = await client.closed;
		assert.deepEqual([by, error?.code], ['local', 'refused']);
		await assert.rejects(waiting, { code: 'refused' });
		await until('it is told', () => heard.at(-1) === 'closed refused');
		assert.deepEqual(heard, ['down', 'dormant reset', 'dormant refused', 'dormant refused', 'closed refused']);
	});

	onBothArms('P-04 activate tries at once, and says how it went', async (arm) => {
		const { listener, client, server } = await ground(arm, {
			reconnect: { attempts: 9, delay: 60_000, maxDelay: 60_000 },
		});
		await listener.close();
		server.abort();
		await until('a try has failed', () => client.state === 'dormant' && client.transients.length === 0);
		await assert.rejects(client.activate(), { code: 'refused' });
		assert.equal(client.state, 'dormant');
		await client.close();
		await assert.rejects(client.activate(), { code: 'closed' });
		assert.deepEqual(await client.closed, { by: 'local', error: undefined });
	});

	onMemory('close while dormant still delivers what waits, within its time', async (arm) => {
		const { listener, client, server } = await ground(arm, { reconnect: { delay: 60_000, maxDelay: 60_000 } });
		const lost = once(client, 'dormant');
		server.abort();
		await lost;
		client.post('farewell');
		const closing = client.close();
		const next = (await listener.accept())!;
		assert.equal((await next.receive())!.content, 'farewell');
		assert.equal(await next.receive(), undefined);
		await closing;
		await next.close();
		await listener.close();
	});

	onMemory('a lazy carrier is dormant until its first message, and again after each loss', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect(listener, { protocol: lines(), lazy: true, reconnect: {} });
		assert.equal(client.state, 'dormant');
		await client.activate();
		assert.equal(client.state, 'active');
		await client.close();
		await (await listener.accept())!.close();
		await listener.close();
	});

	onMemory('mistakes are told at once', async (arm) => {
		for (const reconnect of [{ attempts: 0 }, { delay: 0 }, { delay: 100, maxDelay: 50 }]) {
			await assert.rejects(arm.connect(1, { reconnect }), { code: 'bad-argument' });
		}
	});
});

describe('pacing', () => {
	const delays = (options: { attempts?: number; delay?: number; maxDelay?: number }, seed = 1) => {
		const pacing = new Pacing(options, seededRandom(seed));
		const found: (number | undefined)[] = [];
		for (let delay = pacing.next(); delay !== undefined && found.length < 50; delay = pacing.next()) {
			found.push(delay);
			pacing.failed();
		}
		return found as number[];
	};

	test('at once, then doubling to its bound, shortened by at most half, so many times', () => {
		const found = delays({ attempts: 8, delay: 100, maxDelay: 1000 });
		assert.equal(found.length, 8);
		assert.equal(found[0], 0);
		for (const [index, delay] of found.slice(1).entries()) {
			const whole = Math.min(1000, 100 * 2 ** index);
			assert.ok(delay <= whole && delay > whole / 2, `${delay} of ${whole}`);
		}
		assert.notDeepEqual(delays({ delay: 100 }, 1), delays({ delay: 100 }, 2));
	});

	test('who hangs up at once is not hammered, who stood is tried at once', () => {
		const pacing = new Pacing({ delay: 100, attempts: 3 }, seededRandom(1));
		pacing.succeeded(0);
		pacing.lost(99);
		assert.ok(pacing.next()! > 0);
		pacing.succeeded(200);
		pacing.lost(300);
		assert.equal(pacing.next(), 0);
		for (let index = 0; index < 3; index += 1) {
			pacing.succeeded(index);
			pacing.lost(index);
		}
		assert.equal(pacing.next(), undefined);
	});
});

/** The type of what observers hear; the compiler is the test. */
export const typed = (carrier: Text): Disposable =>
	carrier.observe('dormant', (error: PostSocketsError) => void error.code);
