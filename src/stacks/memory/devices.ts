/** The interfaces of a memory stack, which come, change and go as a test says. */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { badArgument, type ErrorContext } from '../../base/errors.ts';
import { InterfaceWatch } from '../../stack/interface-watch.ts';
import { noInterface } from '../../stack/route.ts';
import type { Interface, InterfaceChange, InterfaceType } from '../../stack/stack.ts';

export interface MemoryInterface {
	readonly name: string;
	/** Default none. Those that mean nothing without an interface get its name as zone. */
	readonly addresses?: readonly string[] | undefined;
	/** Bytes. Default 65 535. */
	readonly mtu?: number | undefined;
	/** Default: not known. */
	readonly type?: InterfaceType | undefined;
	/** Those of the addresses that are temporary (RFC 8981). Default: not known. */
	readonly temporary?: readonly string[] | undefined;
	/** Default: if there are addresses and all of them are loopback ones. */
	readonly loopback?: boolean | undefined;
}

/** One interface, the same for as long as it exists, whatever it is called. */
export interface Device {
	/** As it is now. */
	data: Interface;
}

/** What a host has when nobody says otherwise; its addresses are those of RFC 2544 and RFC 5180. */
const usual: readonly MemoryInterface[] = [
	{ name: 'lo', addresses: ['127.0.0.1', '::1'] },
	{ name: 'memory0', addresses: ['198.18.0.1', '2001:2::1'] },
];

/**
 * Who watches hears of changes in the next turn, all those of one turn at once. Sockets that exist are left alone; new
 * ones that name no local address come from the addresses there are then.
 */
export class Devices {
	readonly #devices: Device[] = [];
	readonly #clock: Clock;
	readonly #watch: InterfaceWatch;
	#looking = false;

	/** Throws `bad-argument`. */
	constructor(clock: Clock, initial: readonly MemoryInterface[] = usual) {
		this.#clock = clock;
		this.#watch = new InterfaceWatch(clock, () => this.list());
		for (const each of initial) {
			if (this.find(each.name)) throw badArgument(`there are two interfaces ${each.name}`, 'memory');
			this.set(each);
		}
	}

	/** Adds an interface, or says what the one of that name is like from now on. Throws `bad-argument`. */
	set(init: MemoryInterface): void {
		const data = read(init);
		const device = this.find(init.name);
		if (device) device.data = data;
		else this.#devices.push({ data });
		this.#changed();
	}

	/** Removes it, if it is there: its memberships of multicast groups are gone for good. */
	delete(name: string): void {
		const device = this.find(name);
		if (!device) return;
		this.#devices.splice(this.#devices.indexOf(device), 1);
		this.#changed();
	}

	/** Gives it another name; all else stays. Throws `bad-argument` if it is not there, or the name is taken. */
	rename(name: string, to: string): void {
		const device = this.find(name);
		if (!device) throw badArgument(`there is no interface ${name} to rename`, 'devices.rename');
		if (name !== to && this.find(to)) throw badArgument(`there is an interface ${to} already`, 'devices.rename');
		device.data = named(device.data, to);
		this.#changed();
	}

	list(): readonly Interface[] {
		return this.#devices.map(({ data }) => data);
	}

	/** @internal */
	watch(listener: (change: InterfaceChange) => void): Disposable {
		return { [Symbol.dispose]: this.#watch.add(listener) };
	}

	/** @internal Nobody watches any more. */
	close(): void {
		this.#watch.clear();
	}

	/** @internal Is it there still? */
	has(device: Device): boolean {
		return this.#devices.includes(device);
	}

	/** @internal The interface of that name. Throws `address-unavailable`. */
	named(name: string, context: ErrorContext): Device {
		const device = this.find(name);
		if (device) return device;
		throw noInterface(name, this.list(), context);
	}

	/** @internal The interface that has `address`. */
	owner(address: IpAddress): Device | undefined {
		return this.#devices.find(({ data }) => data.addresses.some((each) => each.equals(address)));
	}

	/** @internal The way out where nothing says otherwise: the first interface that has an address of the family. */
	usual(family: 4 | 6): Device | undefined {
		return this.#devices.find(({ data }) => !data.loopback && data.addresses.some((each) => each.family === family));
	}

	/** @internal The address of ours that a packet to `remote` comes from. */
	sourceFor(remote: IpAddress, device = this.usual(remote.family)): IpAddress | undefined {
		const { family } = remote;
		if (remote.isLoopback) return family === 4 ? IpAddress.loopback4 : IpAddress.loopback6;
		const addresses = device?.data.addresses.filter((each) => each.family === family) ?? [];
		return addresses.find((each) => each.isLinkLocal === remote.isLinkLocal) ?? addresses[0];
	}

	/** @internal */
	find(name: string): Device | undefined {
		return this.#devices.find(({ data }) => data.name === name);
	}

	#changed(): void {
		if (this.#looking || this.#watch.size === 0) return;
		this.#looking = true;
		this.#clock.soon(() => {
			this.#looking = false;
			this.#watch.look();
		});
	}
}

function read({ name, addresses = [], mtu = 65_535, type, temporary, loopback }: MemoryInterface): Interface {
	if (!Number.isInteger(mtu) || mtu < 68)
		throw badArgument(`an MTU is a whole number from 68, not ${mtu}`, 'devices.set');
	const parsed = addresses.map((text) => IpAddress.parse(text));
	const inside = parsed.length > 0 && parsed.every((address) => address.isLoopback);
	const passing = temporary?.map((text) => IpAddress.parse(text));
	const data = { name, addresses: parsed, mtu, loopback: loopback ?? inside };
	return named({ ...data, ...(type && { type }), ...(passing && { temporary: passing }) }, name);
}

/** RFC 4007 §11.2: the zone of a link-local address is its interface. */
function named(data: Interface, name: string): Interface {
	if (name === '') throw badArgument('an interface has a name', 'devices');
	const addresses = data.addresses.map((each) => (each.family === 6 && each.isLinkLocal ? each.withZone(name) : each));
	return { ...data, name, addresses };
}
