/** Responders: one source over every transport; what harms one carrier harms no other. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { turns, until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { profiles } from '../policy/profiles.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type Arm, closeAll, onBothArms } from './arms-harness.ts';
import { initiate } from './initiate.ts';
import { type RespondOptions, respond } from './respond.ts';

interface Message {
	readonly id: number;
	readonly text: string;
}

const protocol = messages(frame.lengthPrefix(), codec.json<Message>());
const keyed = messages(frame.lengthPrefix(), codec.json<Message>(), {
	correlate: { sent: ({ id }) => id, received: ({ id }) => id },
});
const policy = profiles.unreliableDatagram;
const security = selfSigned();
const upper = ({ id, text }: Message): Message => ({ id, text: text.toUpperCase() });

const schemes = ['udp', 'tcp', 'tls', 'unix'] as const;

/** A responder on loopback, and a carrier to it. */
async function ground(
	arm: Arm,
	scheme: (typeof schemes)[number],
	handler: (request: Message) => ReturnType<Parameters<typeof respond<Message, Message>>[1]>,
	options: Partial<RespondOptions<Message, Message>> = {},
) {
	const { stack } = arm;
	const all = { protocol, policy, security, ...options };
	const place = scheme === 'unix' ? { path: arm.path() } : { scheme, hostName: 'localhost' };
	const responder = await respond<Message, Message>({ ...place, stack }, handler, all);
	const remote = scheme === 'unix' ? `unix:${arm.path()}` : `${scheme}://localhost:${responder.port}`;
	const dial = () =>
		initiate<Message, Message>(remote, {
			protocol: all.protocol,
			policy,
			local: { stack },
			security: { pin: security.fingerprint },
		});
	return { responder, dial };
}

describe('respond', () => {
	for (const scheme of schemes) {
		onBothArms(`P-24 X-05 over ${scheme} the same handler answers`, async (arm) => {
			const { responder, dial } = await ground(arm, scheme, upper);
			const carriers = [await dial(), await dial()];
			for (const [index, carrier] of carriers.entries()) {
				assert.deepEqual(await carrier.request({ id: index, text: 'hello' }), { id: index, text: 'HELLO' });
			}
			await closeAll(...carriers);
			await responder.close();
		});

		onBothArms(`over ${scheme} no reply, and many`, async (arm) => {
			const { responder, dial } = await ground(arm, scheme, ({ id, text }) => {
				if (text === 'nothing') return undefined;
				return (async function* () {
					for (let count = 1; count <= id; count += 1) yield { id: count, text: '' };
				})();
			});
			const carrier = await dial();
			carrier.post({ id: 1, text: 'nothing' });
			carrier.post({ id: 3, text: 'many' });
			const received: number[] = [];
			for await (const { content } of carrier) if (received.push(content.id) === 3) break;
			assert.deepEqual(received, [1, 2, 3]);
			await closeAll(carrier, responder);
		});

		onBothArms(`over ${scheme} replies keep the order of the requests`, async (arm) => {
			const held = Promise.withResolvers<void>();
			const begun: number[] = [];
			let release = () => {};
			const { responder, dial } = await ground(arm, scheme, async (request) => {
				begun.push(request.id);
				if (request.id > 1) return upper(request);
				release = arm.stack.clock.hold();
				await held.promise;
				return upper(request);
			});
			const carrier = await dial();
			for (const id of [1, 2, 3]) carrier.post({ id, text: '' });
			await until('the first is being handled', () => begun.length > 0);
			await turns(10);
			assert.deepEqual(begun, [1], 'one at a time');
			release();
			held.resolve();
			for (const id of [1, 2, 3]) assert.equal((await carrier.receive())!.content.id, id);
			await closeAll(carrier, responder);
		});

		onBothArms(`over ${scheme} they need not, with correlate and concurrency`, async (arm) => {
			const held = Promise.withResolvers<void>();
			const slow = async (request: Message) => {
				if (request.id === 1) await held.promise;
				return upper(request);
			};
			const { responder, dial } = await ground(arm, scheme, slow, { protocol: keyed, concurrency: 2 });
			const carrier = await dial();
			const first = carrier.request({ id: 1, text: 'first' });
			assert.equal((await carrier.request({ id: 2, text: 'second' })).text, 'SECOND');
			held.resolve();
			assert.equal((await first).text, 'FIRST');
			await closeAll(carrier, responder);
		});

		onBothArms(`P-24 over ${scheme} a handler ends the responder; its own answer is still sent`, async (arm) => {
			const ended: Promise<void>[] = [];
			const { responder, dial } = await ground(arm, scheme, async (request) => {
				ended.push(responder.close());
				await arm.after(30);
				return upper(request);
			});
			const carrier = await dial();
			assert.equal((await carrier.request({ id: 1, text: 'last' })).text, 'LAST');
			await Promise.all(ended);
			assert.equal(await responder.closed, undefined);
			assert.equal(ended.length, 1);
			await carrier.close();
		});
	}

	onBothArms('close waits for a handler no longer than closeTimeout', async (arm) => {
		let begun = false;
		const hang = () => {
			begun = true;
			return new Promise<never>(() => {});
		};
		const { responder, dial } = await ground(arm, 'tcp', hang, { closeTimeout: 20 });
		const carrier = await dial();
		carrier.post({ id: 1, text: '' });
		await until('it is being handled', () => begun);
		await responder.close();
		await closeAll(carrier);
	});

	onBothArms('what cannot be is said at once', async (arm) => {
		const bad = (options: Partial<RespondOptions<Message, Message>>, message: RegExp) =>
			assert.rejects(ground(arm, 'udp', upper, options), { code: 'bad-argument', message });
		await bad({ concurrency: 2 }, /correlate/);
		await bad({ concurrency: 0 }, /concurrency/);
		await bad({ amplification: 0 }, /amplification/);
		await bad({ limits: { peers: 0 } }, /limits.peers/);
	});

	onBothArms('over datagrams replies are no more than three times what came, unless asked for', async (arm) => {
		const heard: unknown[][] = [];
		const large = ({ id }: Message) => ({ id, text: 'x'.repeat(id) });
		const onError = (error: unknown, request?: { readonly content: Message }) =>
			void heard.push([(error as PostSocketsError).code, request?.content.id]);
		const limited = await ground(arm, 'udp', large, { onError });
		const carrier = await limited.dial();
		carrier.post({ id: 1_000, text: '' });
		assert.equal((await carrier.request({ id: 50, text: '' })).text.length, 50);
		assert.deepEqual(heard, [['too-large', 1_000]]);
		await closeAll(carrier, limited.responder);

		const free = await ground(arm, 'udp', large, { onError, amplification: Number.POSITIVE_INFINITY });
		const other = await free.dial();
		assert.equal((await other.request({ id: 10_000, text: '' })).text.length, 10_000);
		assert.equal(heard.length, 1);
		await closeAll(other, free.responder);
	});

	onBothArms('over a stream, whose peer has proven to be there, there is no such limit', async (arm) => {
		const { responder, dial } = await ground(arm, 'tcp', ({ id }) => ({ id, text: 'x'.repeat(id) }));
		const carrier = await dial();
		assert.equal((await carrier.request({ id: 100_000, text: '' })).text.length, 100_000);
		await closeAll(carrier, responder);
	});

	onBothArms('a handler that throws closes its own stream and no other, and is heard of', async (arm) => {
		const heard: unknown[] = [];
		const { responder, dial } = await ground(
			arm,
			'tcp',
			(request) => {
				if (request.text === 'boom') throw new Error('boom');
				return upper(request);
			},
			{ onError: (error, request) => void heard.push([String(error), request?.content.text]) },
		);
		const [rude, polite] = [await dial(), await dial()];
		await assert.rejects(rude.request({ id: 1, text: 'boom' }), { code: 'closed' });
		assert.deepEqual(heard, [['Error: boom', 'boom']]);
		assert.equal((await polite.request({ id: 2, text: 'still here' })).text, 'STILL HERE');
		await closeAll(rude, polite, responder);
	});

	onBothArms('over datagrams a handler that throws drops only its request', async (arm) => {
		const { responder, dial } = await ground(arm, 'udp', (request) => {
			if (request.text === 'boom') throw new Error('boom');
			return upper(request);
		});
		const carrier = await dial();
		carrier.post({ id: 1, text: 'boom' });
		assert.equal((await carrier.request({ id: 2, text: 'next' })).text, 'NEXT');
		assert.equal(responder.carriers.size, 1);
		await closeAll(carrier, responder);
	});

	onBothArms(
		'a handler that hangs, and a peer that floods and never reads, harm only their own carrier',
		async (arm) => {
			let handled = 0;
			const { responder, dial } = await ground(arm, 'tcp', (request) => {
				if (request.text === 'hang') return new Promise<never>(() => {});
				handled += 1;
				return { ...request, text: 'x'.repeat(65_536) };
			});
			const [hanging, flooding, polite] = [await dial(), await dial(), await dial()];
			hanging.post({ id: 1, text: 'hang' });
			for (let id = 0; id < 2_000; id += 1) flooding.post({ id, text: 'flood' });
			await until('some were handled', () => handled > 0);
			assert.equal((await polite.request({ id: 3, text: 'ok' })).id, 3);
			assert.ok(handled < 2_000, `of 2000 requests whose replies nobody reads ${handled} were handled`);
			flooding.abort();
			hanging.abort();
			await closeAll(polite, responder);
		},
	);
});
