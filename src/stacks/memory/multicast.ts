/** Multicast in memory: what one port has joined, and how what it sends leaves. Hop limits change nothing: no routers. */

import type { IpAddress } from '../../base/address.ts';
import { type ErrorContext, PostSocketsError } from '../../base/errors.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { type Membership, type Multicast, sameWithoutZone } from '../../stack/multicast.ts';
import type { Device, Devices } from './devices.ts';

export class PortMulticast {
	readonly #membership: Membership | undefined;
	readonly #loopback: boolean;
	readonly #by: Device | undefined;
	/** Where the membership is. */
	readonly #on: Device | undefined;
	readonly #devices: Devices;

	/** Throws `address-unavailable` for an interface that is not there, or that has no address of the family. */
	constructor(options: Multicast, family: 4 | 6, devices: Devices, context: ErrorContext) {
		const { membership, loopback } = options;
		this.#membership = membership;
		this.#loopback = loopback;
		this.#devices = devices;
		this.#by = options.interface === undefined ? undefined : withFamily(options.interface, family, devices, context);
		if (membership === undefined) return;
		const { address, interface: name } = membership;
		this.#on = name === undefined ? devices.usual(family) : withFamily(name, family, devices, context);
		if (this.#on === undefined) {
			const message = `bind: no interface has a way to ${address}; name one to join it on`;
			throw new PostSocketsError('address-unavailable', message, context);
		}
	}

	get joined(): boolean {
		return this.#membership !== undefined;
	}

	/** The interface that multicast from `local` to `group` leaves by; undefined where there is none. */
	wayTo(group: IpAddress, local: IpAddress): Device | undefined {
		if (group.zone !== undefined) return this.#devices.find(group.zone);
		const by = this.#by ?? this.#devices.owner(local) ?? this.#devices.usual(group.family);
		return by && this.#devices.has(by) ? by : undefined;
	}

	/** Whether what is sent may be heard here, on the only host there is. */
	get loopback(): boolean {
		return this.#loopback;
	}

	/** Whether a datagram that came to `group` by `device` is for this port. */
	hears(group: IpAddress, from: IpEndpoint, device: Device): boolean {
		const { address, source } = this.#membership ?? {};
		if (address === undefined || this.#on !== device || !sameWithoutZone(address, group)) return false;
		return source === undefined || sameWithoutZone(source, from.address);
	}
}

function withFamily(name: string, family: 4 | 6, devices: Devices, context: ErrorContext): Device {
	const device = devices.named(name, context);
	if (device.data.addresses.some((each) => each.family === family)) return device;
	throw new PostSocketsError('address-unavailable', `the interface ${name} has no IPv${family} address`, context);
}
