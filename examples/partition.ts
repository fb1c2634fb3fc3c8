// A client that tries again must get its answer, although the network is cut for half a minute. In virtual time: no waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initiate, lines, respond } from 'post-sockets';
import { type Host, sim } from 'post-sockets/sim';

/** What is tested: asks, and asks again each second on a new connection until there is an answer. */
async function ask(question: string, stack: Host): Promise<string> {
	for (;;) {
		try {
			await using carrier = await initiate('tcp://server.test:80', {
				local: { stack },
				protocol: lines(),
				timeout: 5000,
			});
			return await carrier.request(question, { timeout: 2000 });
		} catch {
			await new Promise<void>((resolve) => void stack.clock.after(1000, resolve));
		}
	}
}

test('the client gets its answer once the network is whole again', async () => {
	await using network = sim.network({ seed: 1 });
	const [server, client] = [network.host('server'), network.host('client')];
	await respond({ scheme: 'tcp', stack: server, port: 80 }, (line) => line.toUpperCase(), { protocol: lines() });

	const fault = network.partition(client, server);
	network.clock.after(30_000, () => fault.heal());

	assert.equal(await ask('hello', client), 'HELLO');
	assert.ok(network.clock.now() >= 30_000 && network.clock.now() < 40_000);
});
