import type { Socket } from 'node:dgram';
import type { PortTuning } from '../../../stack/tuning.ts';
import { udpDescriptor } from './descriptor.ts';
import type { Libc } from './libc.ts';
import { mtuDiscovery, socketOptions } from './socket-options.ts';

/** Does what the C library can; returns what was done. */
export function tuneUdp(
	socket: Socket,
	family: 4 | 6,
	{ trafficClass, dontFragment }: PortTuning,
	libc: Libc | undefined,
): readonly (keyof PortTuning)[] {
	const descriptor = udpDescriptor(socket);
	if (libc === undefined || descriptor === undefined) return [];
	const mark = family === 4 ? socketOptions.trafficClass4 : socketOptions.trafficClass6;
	const discovery = family === 4 ? socketOptions.mtuDiscovery4 : socketOptions.mtuDiscovery6;
	const mode = dontFragment ? mtuDiscovery.always : mtuDiscovery.unlessLarge;
	const done: (keyof PortTuning)[] = [];
	if (trafficClass !== undefined && libc.set(descriptor, mark, trafficClass)) done.push('trafficClass');
	if (dontFragment !== undefined && libc.set(descriptor, discovery, mode)) done.push('dontFragment');
	return done;
}
