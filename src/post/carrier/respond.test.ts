/** Responders: one source over every transport; what harms one carrier harms no other. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
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

/** A responder on loopback, and a carrier to it. */
async function ground(
	{ stack }: Arm,
	scheme: string | undefined,
	handler: (request: Message) => ReturnType<Parameters<typeof respond<Message, Message>>[1]>,
	options: Partial<RespondOptions<Message, Message>> = {},
) {
	const all = { protocol, policy, security, ...options };
	const responder = await respond<Message, Message>({ scheme, hostName: 'localhost', stack }, handler, all);
	const remote = `${scheme ? `${scheme}://` : ''}localhost:${responder.port}`;
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
	for (const scheme of ['udp', 'tcp', undefined]) {
		onBothArms(`P-24 X-05 the same handler answers over ${scheme ?? 'tls'}`, async (arm) => {
			const { responder, dial } = await ground(arm, scheme, upper);
			const carriers = [await dial(), await dial()];
			for (const [index, carrier] of carriers.entries()) {
				assert.deepEqual(await carrier.request({ id: index, text: 'hello' }), { id: index, text: 'HELLO' });
			}
			await closeAll(...carriers);
			await responder.close();
		});
	}

	onBothArms('no reply, and many', async (arm) => {
		const { responder, dial } = await ground(arm, 'tcp', ({ id, text }) => {
			if (text === 'nothing') return undefined;
			return (async function* () {
				for (let count = 1; count <= id; count += 1) yield { id: count, text };
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

	onBothArms('replies keep the order of the requests; with correlate and concurrency they need not', async (arm) => {
		const held = Promise.withResolvers<void>();
		const slow = async (request: Message) => {
			if (request.id === 1) await held.promise;
			return upper(request);
		};
		const { responder, dial } = await ground(arm, 'tcp', slow, { protocol: keyed, concurrency: 2 });
		const carrier = await dial();
		const first = carrier.request({ id: 1, text: 'first' });
		assert.equal((await carrier.request({ id: 2, text: 'second' })).text, 'SECOND');
		held.resolve();
		assert.equal((await first).text, 'FIRST');
		await assert.rejects(ground(arm, 'tcp', slow, { concurrency: 2 }), { code: 'bad-argument', message: /correlate/ });
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
