/** Multicast between two hosts, which are network namespaces on one cable. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../src/base/address.ts';
import type { Hearing } from './children/hear.ts';
import type { Sinking } from './children/sink.ts';
import type { Sourcing } from './children/source.ts';
import type { Telling } from './children/tell.ts';
import { cable, namespace, needsNamespaces } from './namespaces.ts';
import { needs } from './programs.ts';

const possible = needsNamespaces();
const port = 5_353;

const families = [
	{
		family: 4,
		source: '10.77.0.1',
		stranger: '10.77.0.3',
		sink: '10.77.0.2',
		prefix: 24,
		group: '239.255.77.1',
		other: '239.255.77.2',
		specific: '232.255.77.1',
		filters: '/proc/net/mcfilter',
	},
	{
		family: 6,
		source: 'fd77::1',
		stranger: 'fd77::3',
		sink: 'fd77::2',
		prefix: 64,
		group: 'ff15::77:1',
		other: 'ff15::77:2',
		specific: 'ff35::8000:77',
		filters: '/proc/net/mcfilter6',
	},
] as const;

const hostOf = (address: string) => (address.includes(':') ? `[${address}]` : address);
const placeOf = (address: string) => `${hostOf(address)}:${port}`;

for (const { family, source, stranger, sink, prefix, group, other, specific, filters } of families) {
	const hosts = async (t: Parameters<typeof namespace>[0]) => {
		const [a, b] = [namespace(t), namespace(t)];
		await cable(
			{ at: a, name: 'out0', addresses: [`${source}/${prefix}`, `${stranger}/${prefix}`] },
			{ at: b, name: 'in0', addresses: [`${sink}/${prefix}`] },
		);
		return [a, b] as const;
	};

	test(
		`T-6.1.1-03 T-6.1.1-04 P-98 IPv${family}: members hear their group, and their source if they have one`,
		possible,
		async (t) => {
			const [a, b] = await hosts(t);
			const members = {
				any: { group },
				one: { group, source },
				other: { group: other },
				own: { group: specific, source },
			};
			const hearing: Hearing = { interface: 'in0', port, members };
			const hearer = b.child('hear.ts', hearing);
			await hearer.says('ready');
			// The system itself keeps to the source, where no other membership of the group wants all.
			const table = await b.start('cat', filters).output;
			assert.ok(includes(table, specific, source), table);
			const telling: Telling = {
				interface: 'out0',
				words: [
					{ from: source, to: placeOf(group), word: 'hello' },
					{ from: source, to: placeOf(other), word: 'others' },
					{ from: stranger, to: placeOf(group), word: 'strange' },
					{ from: stranger, to: placeOf(specific), word: 'strange' },
					{ from: source, to: placeOf(sink), word: 'alone' },
					{ from: source, to: placeOf(group), word: 'end' },
					{ from: source, to: placeOf(other), word: 'end' },
					{ from: source, to: placeOf(specific), word: 'end' },
				],
			};
			await a.child('tell.ts', telling).output;
			const heard = (await hearer.output).trimEnd().split('\n');
			assert.deepEqual(heard.slice(0, 5), [
				`any is ${placeOf(group)}`,
				`one is ${placeOf(group)}`,
				`other is ${placeOf(other)}`,
				`own is ${placeOf(specific)}`,
				'ready',
			]);
			const of = (name: string) => heard.slice(5).filter((line) => line.startsWith(`${name} `));
			assert.deepEqual(of('any'), [`any hello ${source}`, `any strange ${stranger}`, `any end ${source}`]);
			assert.deepEqual(of('one'), [`one hello ${source}`, `one end ${source}`]);
			assert.deepEqual(of('other'), [`other others ${source}`, `other end ${source}`]);
			assert.deepEqual(of('own'), [`own end ${source}`]);
		},
	);

	test(
		`T-6.1.1-05 P-98 IPv${family}: a source sends to its group without joining it; sinks hear all, or their sources`,
		possible,
		async (t) => {
			const [a, b] = await hosts(t);
			const sinks = [];
			for (const [address, sources] of [[group], [group, [source]], [specific, [source]]] as const) {
				const sinking: Sinking = { local: { address, port, interface: 'in0' }, ...(sources && { sources }) };
				const hearer = b.child('sink.ts', sinking);
				await hearer.says(`at ${placeOf(address)}\n`);
				sinks.push(hearer);
			}
			const tell = async (from: string, to: string, words: string) => {
				const sourcing: Sourcing = { remote: `udp://${placeOf(to)}`, local: { address: from, interface: 'out0' } };
				const teller = a.child('source.ts', sourcing);
				await teller.says(' receives ');
				const joined = await a.start('ip', 'maddr', 'show', 'dev', 'out0').output;
				assert.ok(!joined.includes(to), joined);
				teller.child.stdin.end(words);
				const [said] = (await teller.output).split('\n');
				assert.equal(said!.replace(/:\d+ to/, ' to'), `${hostOf(from)} to ${placeOf(to)}, sends true, receives false`);
			};
			for (const to of [group, specific]) {
				await tell(stranger, to, 'strange\n');
				await tell(source, to, 'hello\nend\n');
			}
			const [any, one, own] = await Promise.all(sinks.map(async ({ output }) => (await output).trimEnd().split('\n')));
			const wanted = [`hello ${hostOf(source)}`, `end ${hostOf(source)}`];
			assert.deepEqual(any, [`at ${placeOf(group)}`, `strange ${hostOf(stranger)}`, ...wanted]);
			assert.deepEqual(one, [`at ${placeOf(group)}`, ...wanted]);
			assert.deepEqual(own, [`at ${placeOf(specific)}`, ...wanted]);
		},
	);

	const socat = possible.skip === undefined ? needs('socat') : possible;
	test(`T-6.1.1-02 IPv${family}: socat hears the hop limit of multicast and unicast`, socat, async (t) => {
		const [a, b] = await hosts(t);
		const options =
			family === 4 ? `ip-add-membership=${group}:in0,ip-recvttl` : `ipv6-join-group=[${group}]:in0,ipv6-recvhoplimit`;
		const variable = family === 4 ? 'SOCAT_IP_TTL' : 'SOCAT_IPV6_HOPLIMIT';
		for (const [by, to, hopLimit, expected] of [
			['port', group, undefined, 1],
			['port', group, 7, 7],
			['port', sink, 9, 9],
			['source', group, undefined, 1],
			['source', group, 5, 5],
		] as const) {
			const peer = b.start(
				'socat',
				'-d',
				'-d',
				'-u',
				`UDP${family}-RECVFROM:${port},${options}`,
				`SYSTEM:cat >&2; echo limit $${variable} >&2`,
			);
			let said = '';
			peer.child.stderr.on('data', (text: string) => {
				said += text;
			});
			await peer.says('receiving on');
			const limit = hopLimit === undefined ? {} : { hopLimit };
			if (by === 'port') {
				const words = [{ from: source, to: placeOf(to), word: 'hello' }];
				const telling: Telling = { interface: 'out0', ...limit, words };
				await a.child('tell.ts', telling).output;
			} else {
				const sourcing: Sourcing = { remote: `udp://${placeOf(to)}`, local: { interface: 'out0' }, ...limit };
				const teller = a.child('source.ts', sourcing);
				teller.child.stdin.end('hello\n');
				await teller.output;
			}
			await peer.output;
			assert.match(said, new RegExp(`limit ${expected}$`, 'm'));
		}
	});
}

/** Whether /proc/net/mcfilter has a membership that includes `source`; its columns end with INC and EXC. */
function includes(table: string, group: string, source: string): boolean {
	const [first, second] = [group, source].map((text) => Buffer.from(IpAddress.parse(text).bytes).toString('hex'));
	return new RegExp(`${first} (0x)?${second}\\s+1\\s+0\\s*$`, 'm').test(table);
}
