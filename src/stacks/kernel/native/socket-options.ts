/** Socket options by level and number, as Linux has them on every machine but MIPS, PA-RISC and SPARC. */

export interface SocketOption {
	readonly level: number;
	readonly name: number;
}

const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IPPROTO_TCP = 6;

export const socketOptions = {
	/** The name of an interface, at most 15 bytes. */
	bindToDevice: { level: SOL_SOCKET, name: 25 },
	trafficClass4: { level: IPPROTO_IP, name: 1 },
	trafficClass6: { level: IPPROTO_IPV6, name: 67 },
	mtuDiscovery4: { level: IPPROTO_IP, name: 10 },
	mtuDiscovery6: { level: IPPROTO_IPV6, name: 23 },
	/** Seconds. */
	keepAliveInterval: { level: IPPROTO_TCP, name: 5 },
	keepAliveCount: { level: IPPROTO_TCP, name: 6 },
	tcpInfo: { level: IPPROTO_TCP, name: 11 },
	/** Milliseconds. */
	userTimeout: { level: IPPROTO_TCP, name: 18 },
	/** Bytes. */
	notSentLowWater: { level: IPPROTO_TCP, name: 25 },
} as const satisfies Record<string, SocketOption>;

/** Values of the MTU discovery: never fragment; or the host itself may, which is how a socket is born. */
export const mtuDiscovery = { always: 2, unlessLarge: 1 } as const;
