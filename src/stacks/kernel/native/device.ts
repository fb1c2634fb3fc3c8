import * as net from 'node:net';
import type { IpEndpoint } from '../../../base/socket-address.ts';
import type { Libc } from './libc.ts';
import { socketOptions } from './socket-options.ts';

/**
 * A socket bound to `local` that leaves by the interface `device`, whatever the routing table prefers, to make a
 * `net.Socket` of. Undefined where that cannot be: without the C library, before Node 24.19, before Linux 5.7 without
 * CAP_NET_RAW, and where there is no binding to `local`, of which node then says why.
 */
export function boundToDevice(device: string, local: IpEndpoint, libc: Libc | undefined): net.BoundSocket | undefined {
	if (libc === undefined || net.BoundSocket === undefined) return undefined;
	let bound: net.BoundSocket;
	try {
		bound = new net.BoundSocket({ host: local.address.toString(), port: local.port });
	} catch {
		return undefined;
	}
	if (libc.set(bound.fd(), socketOptions.bindToDevice, new TextEncoder().encode(device))) return bound;
	bound.close();
	return undefined;
}
