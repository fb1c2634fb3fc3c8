/** What the suite of ports is made of: the place of one test, and ears at its ports. */

import { IpAddress } from '../base/address.ts';
import type { PostSocketsError } from '../base/errors.ts';
import type { IpEndpoint } from '../base/socket-address.ts';
import type { Port, PortHandler } from '../stack/port.ts';
import type { BindOptions, Datagrams, StackBase, StackFeatures } from '../stack/stack.ts';

/** A stack of its own for one test. */
export interface PortFixture {
	readonly stack: StackBase & Datagrams & { readonly features: StackFeatures };
	/** An address of the stack that it can bind to and send to. Default 127.0.0.1. */
	readonly ipv4?: IpAddress | undefined;
	/** Default ::1. */
	readonly ipv6?: IpAddress | undefined;
	/**
	 * Interfaces of the stack by which multicast can be sent, and is heard by the stack itself. Default none, and then the
	 * tests of multicast are skipped.
	 */
	readonly multicast?: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined } | undefined;
	/** Ports that are open; when given, each test expects 0 in the end. */
	readonly open?: (() => number) | undefined;
}

/** The stack of one test, and the ports it has bound. */
export class Place {
	readonly fixture: PortFixture;
	readonly address: IpAddress;
	readonly ends: PortProbe[] = [];

	constructor(fixture: PortFixture, family: 4 | 6) {
		this.fixture = fixture;
		const { ipv4 = IpAddress.loopback4, ipv6 = IpAddress.loopback6 } = fixture;
		this.address = family === 4 ? ipv4 : ipv6;
	}

	async bind(
		options: Partial<BindOptions> = {},
		local: IpEndpoint = { address: this.address, port: 0 },
	): Promise<PortProbe> {
		const port = await this.fixture.stack.bind(local, { signal: new AbortController().signal, ...options });
		const end = new PortProbe(port);
		this.ends.push(end);
		return end;
	}
}

/** A port's handler that keeps what it hears, and writes down what breaks the contract. */
export class PortProbe implements PortHandler {
	readonly port: Port;
	readonly breaches: string[] = [];
	readonly received: { readonly bytes: Uint8Array; readonly from: IpEndpoint }[] = [];
	readonly errors: PostSocketsError[] = [];
	readonly dones: (PostSocketsError | undefined)[] = [];
	readonly closes: (PostSocketsError | undefined)[] = [];
	#inside = false;

	constructor(port: Port) {
		this.port = port;
		port.handler = this;
	}

	/** Sends a copy, which is spoiled once `done` came. */
	send(bytes: Uint8Array, to: IpEndpoint | undefined): void {
		const copy = new Uint8Array(bytes);
		let called = false;
		this.#inside = true;
		this.port.send(copy, to, (error) => {
			if (this.#inside) this.breaches.push('done from inside a call');
			if (called) this.breaches.push('done twice');
			called = true;
			this.dones.push(error);
			copy.fill(0xee);
		});
		this.#inside = false;
	}

	close(): void {
		this.#inside = true;
		this.port.close();
		this.#inside = false;
	}

	/** What it has received, by number. */
	numbers(): number[] {
		return this.received.map(({ bytes }) => (bytes[0]! << 8) | bytes[1]!);
	}

	failed(): number {
		return this.dones.filter((error) => error !== undefined).length;
	}

	onDatagram(bytes: Uint8Array, from: IpEndpoint): void {
		this.#heard('onDatagram');
		this.received.push({ bytes: new Uint8Array(bytes), from });
	}

	onError(error: PostSocketsError): void {
		this.#heard('onError');
		this.errors.push(error);
	}

	onClose(error: PostSocketsError | undefined): void {
		this.#heard('onClose');
		this.closes.push(error);
	}

	#heard(event: string): void {
		if (this.#inside) this.breaches.push(`${event} from inside a call`);
		if (this.closes.length > 0) this.breaches.push(`${event} after onClose`);
	}
}

/** Bytes that tell their number in the first two, and depend on it in the others. */
export function datagram(number: number, length: number): Uint8Array {
	return Uint8Array.from({ length }, (_, index) => (index === 0 ? number >> 8 : number * (index === 1 ? 1 : index)));
}
