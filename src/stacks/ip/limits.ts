/** What an IP stack holds at most. Everything that a stranger can make grow has a line here, and in docs/limits.md. */

export interface IpLimits {
	/** Neighbours known on one interface; the one not used for longest goes. Default 512. */
	readonly neighbors: number;
	/** Packets that wait for the hardware address of one neighbour; the oldest is dropped. Default 16. */
	readonly waiting: number;
	/** Questions for hardware addresses on one interface, per second; those beyond are not asked. Default 100. */
	readonly solicitations: number;
	/** Datagrams being put together from fragments; the oldest goes. Default 256. */
	readonly reassemblies: number;
	/** Bytes of all of them; likewise. Default 4 MiB. */
	readonly reassemblyBytes: number;
	/** Fragments of one datagram; with one more it is dropped. Default 256. */
	readonly fragments: number;
	/** Milliseconds for all fragments of a datagram to come. Default 60 000 (RFC 1122 §3.3.2, RFC 8200 §4.5). */
	readonly reassemblyTimeout: number;
	/** Destinations with a path MTU smaller than that of the link; the one not used for longest goes. Default 1024. */
	readonly pathMtus: number;
	/** Milliseconds until a path is believed to have grown. Default 600 000 (RFC 1191 §6.3, RFC 8201 §4). */
	readonly pathMtuLifetime: number;
	/** ICMP errors sent, per second, of which half may leave at once; those beyond are not sent. Default 100. */
	readonly icmpErrors: number;
	/** Routes, learned ones included; one more is ignored. Default 1024. */
	readonly routes: number;
	/** Addresses of one interface; one more is ignored. Default 32. */
	readonly addresses: number;
	/** Default routers, on-link prefixes and name servers learned on one interface, each; more are ignored. Default 16. */
	readonly advertised: number;
	/** Groups joined on one interface; one more is refused with `resource-limit`. Default 256. */
	readonly groups: number;
	/** Bytes that wait for one link; what is sent beyond them fails with `queue-full`. Default 1 MiB. */
	readonly queuedBytes: number;
	/** Bytes on their way from this host to itself; what is sent beyond them is lost. Default 2 MiB. */
	readonly localBytes: number;
	/** Sockets; one more is refused with `resource-limit`. Default 16 384. */
	readonly sockets: number;
}

export const defaultLimits: IpLimits = {
	neighbors: 512,
	waiting: 16,
	solicitations: 100,
	reassemblies: 256,
	reassemblyBytes: 4 * 2 ** 20,
	fragments: 256,
	reassemblyTimeout: 60_000,
	pathMtus: 1024,
	pathMtuLifetime: 600_000,
	icmpErrors: 100,
	routes: 1024,
	addresses: 32,
	advertised: 16,
	groups: 256,
	queuedBytes: 2 ** 20,
	localBytes: 2 ** 21,
	sockets: 16_384,
};
