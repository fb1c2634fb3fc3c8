/** A peer that a test plays by hand: it says what it sends, segment by segment, and sees what the stack answers. */

import { seededRandom } from '../../../base/random.ts';
import { type VirtualClock, virtualClock } from '../../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../../stack/flow.ts';
import { pseudoSum } from '../../../wire/checksum.ts';
import { ipProtocol } from '../../../wire/ip-protocol.ts';
import * as ipv4 from '../../../wire/ipv4.ts';
import * as tcp from '../../../wire/tcp.ts';
import { tcpFlag } from '../../../wire/tcp.ts';
import type { TcpOptions } from '../../../wire/tcp-options.ts';
import type { IpConfig } from '../config.ts';
import { type IpStack, ipStack } from '../ip-stack.ts';
import { ip, Lan, quiet } from '../lan-harness.ts';
import { distance, plus } from './sequence.ts';

export const here = ip('192.0.2.1');
export const there = ip('192.0.2.2');

export interface Said {
	readonly flags: string;
	readonly sequence: number;
	readonly acknowledgment: number;
	readonly window: number;
	readonly length: number;
	readonly options: TcpOptions;
	readonly ports: readonly [number, number];
	readonly at: number;
	/** Of the IP header. */
	readonly ecn: number;
}

export interface Say {
	readonly flags: string;
	/** Absolute. Default: what the stack expects next. */
	readonly sequence?: number;
	readonly acknowledgment?: number;
	readonly window?: number;
	readonly options?: TcpOptions;
	readonly data?: Uint8Array | number;
	readonly port?: number;
	readonly to?: number;
	/** Of the IP header. */
	readonly ecn?: number;
}

const letters: Readonly<Record<string, number>> = {
	S: tcpFlag.syn,
	F: tcpFlag.fin,
	R: tcpFlag.rst,
	P: tcpFlag.psh,
	A: tcpFlag.ack,
	U: tcpFlag.urg,
	E: tcpFlag.ece,
	C: tcpFlag.cwr,
};

export class RawPeer {
	readonly clock: VirtualClock = virtualClock({ auto: false });
	readonly lan: Lan;
	readonly stack: IpStack;
	readonly heard: string[] = [];
	/** The peer's next sequence number, and what it expects from the stack. */
	sequence = 1000;
	expected = 0;
	port = 5000;
	to = 80;
	flow: Flow | undefined;
	#seen = 0;

	constructor(config: IpConfig = {}) {
		this.lan = new Lan(this.clock, { medium: 'ip' });
		const random = seededRandom(3);
		const addresses = ['192.0.2.1/24'];
		const link = this.lan.link(1);
		this.stack = ipStack(link, { ...quiet, clock: this.clock, random, addresses, privilegedPorts: true, ...config });
	}

	/** Listens on the port that the peer connects to; flows are resumed. */
	async listen(backlog?: number): Promise<this> {
		const handler = { onFlow: (flow: Flow) => this.take(flow), onClose() {} };
		const { signal } = new AbortController();
		const local = { address: here, port: this.to };
		await this.stack.listen(local, { handler, signal, backlog });
		return this;
	}

	/** Hears of a flow. */
	take(flow: Flow, paused = false): void {
		this.flow = flow;
		flow.handler = {
			...deaf,
			onData: (chunk) => this.heard.push(`data ${chunk.length}`),
			onEnd: () => this.heard.push('end'),
			onClose: (error) => this.heard.push(`close${error ? ` ${error.code}` : ''}`),
		};
		if (!paused) flow.resume();
	}

	/** The peer shakes hands with the listener. */
	async shake(options: TcpOptions = {}, window = 65_535): Promise<this> {
		await this.say({ flags: 'S', options, window });
		this.sequence = plus(this.sequence, 1);
		const [answer] = this.answers();
		this.expected = plus(answer?.sequence ?? 0, 1);
		await this.say({ flags: 'A', window, options: answer?.options.timestamps ? stamp(1) : {} });
		this.answers();
		return this;
	}

	/** Sends a segment, and lets what it causes happen, but no delayed acknowledgment. */
	async say({ flags, data = 0, ...say }: Say): Promise<void> {
		const payload = typeof data === 'number' ? new Uint8Array(data).fill(7) : data;
		const header = {
			sourcePort: say.port ?? this.port,
			destinationPort: say.to ?? this.to,
			sequence: say.sequence ?? this.sequence,
			acknowledgment: say.acknowledgment ?? (flags.includes('A') ? this.expected : 0),
			flags: [...flags].reduce((sum, letter) => sum | (letters[letter] ?? 0), 0),
			window: say.window ?? 65_535,
			urgentPointer: 0,
			options: say.options ?? {},
		};
		const segment = new Uint8Array(tcp.lengthOf(header) + payload.length);
		segment.set(payload, tcp.emit(header, segment, 0));
		tcp.seal(segment, 0, segment.length, pseudoSum(there, here, ipProtocol.tcp));
		this.lan.carry(undefined, packet(segment, ipProtocol.tcp, say.ecn));
		await this.pass(3);
	}

	/** What the stack has sent since the last time. */
	answers(): Said[] {
		const said: Said[] = [];
		const frames = this.lan.frames;
		for (; this.#seen < frames.length; this.#seen += 1) {
			const { frame, at } = frames[this.#seen]!;
			const header = ipv4.parse(frame, 0, frame.length, 0);
			if (typeof header === 'string' || header.protocol !== ipProtocol.tcp || header.source.equals(there)) continue;
			const view = tcp.parse(frame, header.payloadStart, header.end, header.pseudoSum(ipProtocol.tcp));
			if (typeof view === 'string') throw new Error(`the stack has sent what is ${view}`);
			const { sequence, acknowledgment, window, options, payloadLength: length, sourcePort, destinationPort } = view;
			const flags = Object.keys(letters)
				.filter((letter) => view.flags & letters[letter]!)
				.join('');
			said.push({
				flags,
				sequence,
				acknowledgment,
				window,
				options,
				length,
				ports: [sourcePort, destinationPort],
				at,
				ecn: header.ecn,
			});
		}
		return said;
	}

	/** The same as text: flags, relative numbers, length, window. */
	lines(): string[] {
		const { sequence, expected } = this;
		return this.answers().map((said) => {
			const [seq, ack] = [distance(said.sequence, expected), distance(said.acknowledgment, sequence)];
			return `${said.flags} ${seq} ${said.flags.includes('A') ? ack : '-'} ${said.length}`;
		});
	}

	pass(milliseconds: number): Promise<void> {
		return this.clock.advance(milliseconds);
	}
}

export function stamp(value: number, echo = 0): TcpOptions {
	return { timestamps: { value, echo } };
}

/** From the peer to the stack. */
export function packet(payload: Uint8Array, protocol: number = ipProtocol.tcp, ecn = 0): Uint8Array {
	const header = {
		source: there,
		destination: here,
		protocol,
		hopLimit: 64,
		dscp: 0,
		ecn,
		identification: 0,
		dontFragment: true,
		moreFragments: false,
		fragmentOffset: 0,
		options: new Uint8Array(0),
		payloadLength: payload.length,
	};
	const out = new Uint8Array(20 + payload.length);
	out.set(payload, ipv4.emit(header, out, 0));
	return out;
}
