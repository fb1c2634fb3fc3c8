/** DNS servers on a memory stack that say what a script tells them, over UDP and TCP. */

import { IpAddress } from '../base/address.ts';
import { ByteQueue } from '../base/bytes.ts';
import { type Random, seededRandom } from '../base/random.ts';
import type { IpEndpoint } from '../base/socket-address.ts';
import { type VirtualClock, virtualClock } from '../base/virtual-clock.ts';
import { deaf, type Flow } from '../stack/flow.ts';
import type { Port } from '../stack/port.ts';
import { type MemoryStack, memory } from '../stacks/memory/memory.ts';
import { emitMessage, type Message, parseMessage } from '../wire/dns/message.ts';
import { foldName } from '../wire/dns/name.ts';
import type { AnyRecord, RecordData, ResourceRecord, TypeName } from '../wire/dns/record.ts';
import type { StubResolverOptions } from './options.ts';
import { type StubResolver, stubResolver } from './resolver.ts';

export interface Asked {
	readonly server: string;
	readonly by: 'udp' | 'tcp';
	readonly name: string;
	readonly type: TypeName | number;
	readonly query: Message;
	readonly from: IpEndpoint;
	/** The moment it reached the server. */
	readonly at: number;
}

/** A response, less what is copied from the query; or bytes as they are; `after` so many milliseconds. */
export type Said = (Partial<Message> & { readonly after?: number }) | Uint8Array | 'close';

/** What a server says; nothing for silence. */
export type Script = (asked: Asked) => Said | readonly Said[] | undefined;

export const never = new AbortController().signal;

/** A record of a minute. */
export function record<T extends TypeName>(name: string, type: T, data: RecordData[T], ttl = 60): ResourceRecord<T> {
	return { name, class: 1, ttl, type, ...data } as unknown as ResourceRecord<T>;
}

export function a(name: string, text: string, ttl = 60): ResourceRecord {
	const address = IpAddress.parse(text);
	return record(name, address.family === 4 ? 'A' : 'AAAA', { address }, ttl);
}

export function cname(name: string, target: string, ttl = 60): ResourceRecord {
	return record(name, 'CNAME', { target }, ttl);
}

export function soa(zone: string, minimum = 30, ttl = 3_600): ResourceRecord {
	const times = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
	return record(zone, 'SOA', { primary: 'ns.test', mailbox: 'root.test', ...times }, ttl);
}

/** A recursive server that knows these records and nothing else; everything is in the zone `test`. */
export function zone(...records: ResourceRecord[]): Script {
	const at = (name: string) => records.filter((each) => foldName(each.name) === foldName(name));
	return ({ name, type }) => {
		const answers: AnyRecord[] = [];
		for (let owner = name; answers.length < 20; ) {
			const here = at(owner);
			const found = here.filter((each) => each.type === type);
			const alias = here.find((each) => each.type === 'CNAME');
			if (found.length > 0) return { answers: [...answers, ...found] };
			if (here.length === 0) return { answers, authorities: [soa('test')], rcode: 3 };
			if (alias === undefined || !('target' in alias)) break;
			answers.push(alias);
			owner = alias.target;
		}
		return { answers, authorities: [soa('test')] };
	};
}

export class Ground {
	readonly clock: VirtualClock;
	readonly stack: MemoryStack;
	/** Every query that reached a server, in order. */
	readonly asked: Asked[] = [];
	readonly #scripts = new Map<string, Script>();
	readonly #ports = new Map<string, Port>();

	constructor(options: { readonly rtt?: number } = {}) {
		this.clock = virtualClock();
		this.stack = memory({ clock: this.clock, rtt: options.rtt ?? 20 });
	}

	/** Starts a server at port 53 of an address, or gives the one there another script. */
	async serve(address: string, script: Script, by: readonly ('udp' | 'tcp')[] = ['udp', 'tcp']): Promise<void> {
		const isNew = !this.#scripts.has(address);
		this.#scripts.set(address, script);
		if (!isNew) return;
		const local = { address: IpAddress.parse(address), port: 53 };
		if (by.includes('udp')) {
			const port = await this.stack.bind(local, { signal: never });
			this.#ports.set(address, port);
			port.handler = {
				onDatagram: (bytes, from) => this.#hear(address, 'udp', bytes, from, (said) => port.send(said, from)),
				onError() {},
				onClose() {},
			};
		}
		if (by.includes('tcp')) {
			const handler = { onFlow: (flow: Flow) => this.#accept(address, flow), onClose() {} };
			await this.stack.listen(local, { handler, signal: never });
		}
	}

	resolver(servers: readonly string[], options: Partial<StubResolverOptions> = {}): StubResolver {
		return stubResolver({ stack: this.stack, servers, random: steady(), ...options });
	}

	/** Sends bytes from the UDP port of a server. */
	send(address: string, bytes: Uint8Array, to: IpEndpoint): void {
		this.#ports.get(address)!.send(bytes, to);
	}

	/** What was asked, as `moment server by type`. */
	get log(): string[] {
		return this.asked.map(({ at, server, by, type }) => `${at} ${server} ${by} ${type}`);
	}

	after(milliseconds: number): Promise<void> {
		return new Promise((resolve) => void this.clock.after(milliseconds, resolve));
	}

	/** Ports, flows, connects of clients, and timers; with the servers alone 0. */
	get left(): number {
		const { ports, flows, connects } = this.stack.sockets;
		return ports - this.#ports.size + flows + connects;
	}

	#accept(server: string, flow: Flow): void {
		const input = new ByteQueue();
		const from = flow.remote as IpEndpoint;
		const send = (bytes: Uint8Array) => flow.write([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
		flow.handler = {
			...deaf,
			onData: (chunk) => {
				input.push(chunk);
				while (input.length >= 2) {
					const length = input.at(0) * 256 + input.at(1);
					if (input.length < 2 + length) break;
					input.skip(2);
					this.#hear(server, 'tcp', new Uint8Array(input.take(length)), from, send, () => flow.abort());
				}
				input.own();
			},
			onEnd: () => flow.end(),
		};
		flow.resume();
	}

	#hear(
		server: string,
		by: 'udp' | 'tcp',
		bytes: Uint8Array,
		from: IpEndpoint,
		send: (bytes: Uint8Array) => void,
		close = () => {},
	): void {
		const query = parseMessage(bytes)!;
		const { name, type } = query.questions[0]!;
		const asked = { server, by, name, type, query, from, at: this.clock.now() };
		this.asked.push(asked);
		for (const said of listOf(this.#scripts.get(server)!(asked))) {
			if (said === 'close') close();
			else if (said instanceof Uint8Array) send(said);
			else {
				const { after = 0, ...message } = said;
				const response = emitMessage({ ...echo(query), ...message });
				if (after === 0) send(response);
				else this.clock.after(after, () => send(response));
			}
		}
	}
}

/** What a server repeats of a query. */
export function echo({ id, questions, edns }: Message): Partial<Message> {
	const option = { udpSize: 1_232, version: 0, dnssecOk: false, options: [] };
	return { id, questions, response: true, recursionAvailable: true, ...(edns && { edns: option }) };
}

/** Repeatable, and it never explores the slower servers. */
export function steady(seed = 1): Random {
	const random = seededRandom(seed);
	return { ...random, below: (limit) => (limit === 20 ? 1 : random.below(limit)) };
}

function listOf(said: Said | readonly Said[] | undefined): readonly Said[] {
	if (said === undefined) return [];
	return Array.isArray(said) ? said : [said as Said];
}
