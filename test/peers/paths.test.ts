/** What a carrier and its association make of interfaces that come, change, are renamed and go under them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Roaming } from './children/roam.ts';
import { cable, namespace, needsNamespaces } from './namespaces.ts';

const echo = `require('node:net')
	.createServer((socket) => socket.on('error', () => {}).pipe(socket))
	.listen(7000, () => console.log('ready'))`;

test(
	'T-8.3.2 a carrier hears of its interfaces, its memory is of one network, and it comes back over another',
	needsNamespaces(),
	async (t) => {
		const [host, peer] = [namespace(t), namespace(t)];
		for (const [name, net] of [
			['wlan', 91],
			['eth', 92],
		] as const) {
			await cable(
				{ at: host, name: `${name}0`, addresses: [`10.${net}.0.1/24`] },
				{ at: peer, name: `${name}1`, addresses: [`10.${net}.0.2/24`] },
			);
			host.ip(`route add default via 10.${net}.0.2 metric ${net}`);
		}
		peer.ip('addr add 10.90.0.1/32 dev lo');
		await peer.start(process.execPath, '-e', echo).says('ready');
		const roamer = host.child('roam.ts', { remote: 'tcp://10.90.0.1:7000' } satisfies Roaming);
		await roamer.says('on wlan0 from 10.91.0.1:');

		/** Does it, and waits for what the roamer says. */
		async function tells(commands: string[], ...texts: string[]): Promise<void> {
			for (const command of commands) host.ip(command);
			const start = performance.now();
			for (const text of texts) await roamer.says(text);
			const took = Math.round(performance.now() - start);
			t.diagnostic(`${commands.at(-1)}: told after ${took} ms`);
			assert.ok(took < 1_000, `"${commands.join('; ')}" was told after ${took} ms`);
		}
		async function answers(line: string): Promise<void> {
			roamer.child.stdin.write(`${line}\n`);
			await roamer.says(line);
		}

		await answers('learnt');
		await tells(
			[
				'link add usb0 type veth peer name end0',
				'link set usb0 addrgenmode none',
				'link set end0 addrgenmode none up',
				'addr add 10.93.0.1/24 dev usb0',
				'link set usb0 up',
			],
			'added usb0, path stands',
		);
		await answers('forgotten');
		await tells(['link set usb0 mtu 1400'], 'changed usb0, path stands');
		await tells(
			['link set usb0 down', 'link set usb0 name usb1', 'link set usb1 up'],
			'removed usb0, path stands',
			'added usb1, path stands',
		);
		await tells(['link del usb1'], 'removed usb1, path stands');
		await answers('still there');
		await tells(['link del wlan0'], 'removed wlan0, path lost');
		await roamer.says('dormant unreachable');
		await roamer.says('on eth0 from 10.92.0.1:');
		await answers('there again');
		roamer.child.stdin.write('learnt\n');
		roamer.child.stdin.end();
		const said = (await roamer.output).split('\n');
		assert.equal(said.filter((line) => line.startsWith('dormant')).length, 1);
		assert.equal(said.filter((line) => line === 'learnt').length, 2);
	},
);
