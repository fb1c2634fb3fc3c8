/** Interfaces that come, change and go while a process watches: each is told within a second. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespace, needsNamespaces } from './namespaces.ts';

test('T-8.3.2 interfaces come, change, are renamed and go while a process watches', needsNamespaces(), async (t) => {
	const host = namespace(t);
	const watcher = host.child('watch.ts', {});
	await watcher.says('ready');

	/** Does it, and waits for what the watcher says. */
	async function tells(commands: string[], ...texts: string[]): Promise<void> {
		for (const command of commands) host.ip(command);
		const start = performance.now();
		for (const text of texts) await watcher.says(text);
		const took = Math.round(performance.now() - start);
		t.diagnostic(`${commands.at(-1)}: told after ${took} ms`);
		assert.ok(took < 1000, `"${commands.join('; ')}" was told after ${took} ms`);
	}

	await tells(
		[
			'link add cable0 type veth peer name cable1',
			'link set cable1 up',
			'addr add 10.78.0.1/24 dev cable0',
			'link set cable0 up',
		],
		'added cable0 mtu 1500 10.78.0.1',
	);
	await tells(['addr add 10.78.0.9/24 dev cable0'], 'changed cable0 mtu 1500 10.78.0.1 10.78.0.9');
	await tells(['link set cable0 mtu 1400'], 'changed cable0 mtu 1400');
	await tells(
		['link set cable0 down', 'link set cable0 name cable9', 'link set cable9 up'],
		'removed cable0',
		'added cable9 mtu 1400 10.78.0.1',
	);
	await tells(['link del cable9'], 'removed cable9');
	watcher.child.stdin.end();
	await watcher.output;
});
