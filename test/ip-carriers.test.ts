/** Carriers on the IP stack of our own: nothing of the system's network is under them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codec, frame, initiate, messages, profiles, respond } from '../src/entry/index.ts';
import { impair, ipStack, linkPair } from '../src/entry/ip.ts';
import { seededRandom, virtualClock } from '../src/entry/stack.ts';

test('a question and its answer over UDP, IPv4 and IPv6, in virtual time', async () => {
	const clock = virtualClock();
	const random = seededRandom(7);
	const [near, far] = linkPair({ clock, name: 'cable' });
	const slow = impair(near, { clock, random, sending: { latency: 15 }, receiving: { latency: 15 } });
	const client = ipStack(slow, { clock, random, name: 'client', addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	const server = ipStack(far, { clock, random, name: 'server', addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	await Promise.all([client.ready(), server.ready()]);
	const policy = profiles.unreliableDatagram;
	const protocol = messages(frame.datagram(), codec.text());
	for (const address of ['192.0.2.2', '2001:db8::2']) {
		await using upper = await respond(
			{ scheme: 'udp', address, port: 3005, stack: server },
			(text: string) => text.toUpperCase(),
			{ protocol, policy },
		);
		await using asker = await initiate(
			{ scheme: 'udp', addresses: [address], port: 3005 },
			{ protocol, policy, local: { stack: client } },
		);
		await asker.request('once');
		const start = clock.now();
		assert.equal(await asker.request('hello'), 'HELLO');
		assert.equal(Math.round(clock.now() - start), 30, 'there and back, the neighbours known');
		assert.equal(upper.carriers.size, 1);
	}
	await Promise.all([client.close(), server.close()]);
});
