/** A network in a test: what one link sends, all others of it hear a moment later, but for what `drop` takes away. */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { seededRandom } from '../../base/random.ts';
import { formatSocketAddress, type IpEndpoint, parseSocketAddress } from '../../base/socket-address.ts';
import { type VirtualClock, virtualClock } from '../../base/virtual-clock.ts';
import { deaf, type Link, type LinkHandler, type Medium, type Offloads } from '../../stack/link.ts';
import type { BindOptions } from '../../stack/stack.ts';
import type { IpConfig } from './config.ts';
import { type IpStack, ipStack } from './ip-stack.ts';

export interface LanOptions {
	readonly medium?: Medium;
	readonly mtu?: number;
	/** Milliseconds from one to another. Default 1. */
	readonly delay?: number;
	readonly offloads?: Offloads;
}

export class Lan {
	readonly #clock: Clock;
	readonly #options: LanOptions;
	readonly links: LanLink[] = [];
	/** Every frame that was sent, also those that were dropped. */
	readonly frames: { readonly at: number; readonly from: string; readonly frame: Uint8Array }[] = [];
	/** Whether a frame of a link is lost. */
	drop: (frame: Uint8Array, from: LanLink) => boolean = () => false;

	constructor(clock: Clock, options: LanOptions = {}) {
		this.#clock = clock;
		this.#options = options;
	}

	/** The last number of its hardware address is `number`. */
	link(number: number, name = 'eth0'): LanLink {
		const { medium = 'ethernet', mtu = 1500, offloads = {} } = this.#options;
		const address = medium === 'ethernet' ? macOf(number) : undefined;
		const link = new LanLink(name, { medium, mtu, address, offloads }, (sender, frame) => this.carry(sender, frame));
		this.links.push(link);
		return link;
	}

	/** As if the link had sent it; with `undefined`, as if somebody else had. */
	carry(from: LanLink | undefined, frame: Uint8Array): void {
		this.frames.push({ at: this.#clock.now(), from: from?.address?.toString() ?? '', frame });
		if (from !== undefined && (this.drop(frame, from) || !from.up)) return;
		for (const link of this.links) {
			if (link === from) continue;
			this.#clock.after(this.#options.delay ?? 1, () => {
				if (!link.up || link.closed) return;
				const lent = frame.slice();
				link.handler.onFrames([lent]);
				lent.fill(0xee);
			});
		}
	}
}

export class LanLink implements Link {
	readonly name: string;
	readonly medium: Medium;
	readonly mtu: number;
	readonly address: MacAddress | undefined;
	readonly offloads: Offloads;
	handler: LinkHandler = deaf;
	up = true;
	closed = false;
	held = true;
	readonly #send: (from: LanLink, frame: Uint8Array) => void;

	constructor(
		name: string,
		kind: Pick<Link, 'medium' | 'mtu' | 'address' | 'offloads'>,
		send: (from: LanLink, frame: Uint8Array) => void,
	) {
		this.name = name;
		this.medium = kind.medium;
		this.mtu = kind.mtu;
		this.address = kind.address;
		this.offloads = kind.offloads;
		this.#send = send;
	}

	send(frames: readonly Uint8Array[]): boolean {
		for (const frame of frames) this.#send(this, frame.slice());
		return true;
	}

	/** Plugs it in, or pulls it out. */
	plug(up: boolean): void {
		this.up = up;
		this.handler.onState();
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.handler.onClose(undefined);
	}

	ref(): void {
		this.held = true;
	}

	unref(): void {
		this.held = false;
	}
}

export function macOf(number: number): MacAddress {
	return MacAddress.from(Uint8Array.of(2, 0, 0, 0, 0, number));
}

export function end(text: string): IpEndpoint {
	return parseSocketAddress(text) as IpEndpoint;
}

export function ip(text: string): IpAddress {
	return IpAddress.parse(text);
}

/** Nothing that happens by itself, and addresses at once: what most tests want. */
export const quiet = {
	dhcp: false,
	autoconfiguration: false,
	linkLocal: false,
	duplicateDetection: { transmits: 0 },
} as const;

/** One virtual time, and a log of what ports hear. */
export class Ground {
	readonly clock: VirtualClock = virtualClock({ auto: false });
	readonly log: string[] = [];
	readonly stacks: IpStack[] = [];

	lan(options?: LanOptions): Lan {
		return new Lan(this.clock, options);
	}

	/** A stack on the links, seeded by how many there are already. */
	stack(links: Link | Link[], config: IpConfig = {}): IpStack {
		const random = seededRandom(this.stacks.length + 1);
		const stack = ipStack(links, { clock: this.clock, random, ...quiet, ...config });
		this.stacks.push(stack);
		return stack;
	}

	pass(milliseconds: number): Promise<void> {
		return this.clock.advance(milliseconds);
	}

	async port(name: string, stack: IpStack, local: string, options: Partial<BindOptions> = {}) {
		const port = await stack.bind(end(local), { signal: new AbortController().signal, ...options });
		port.handler = {
			onDatagram: (bytes, from) => this.log.push(`${name} got ${bytes.length} from ${formatSocketAddress(from)}`),
			onError: (error) => this.log.push(`${name} error ${error.code}`),
			onClose: (error) => this.log.push(`${name} close${error ? ` ${error.code}` : ''}`),
		};
		return port;
	}

	/** What was logged since the last time. */
	heard(): string[] {
		return this.log.splice(0);
	}
}
