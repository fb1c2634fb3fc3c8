/** What an IP packet carries, by IANA's protocol numbers. */
export const ipProtocol = {
	hopByHop: 0,
	icmpv4: 1,
	igmp: 2,
	tcp: 6,
	udp: 17,
	routing: 43,
	fragment: 44,
	icmpv6: 58,
	none: 59,
	destinationOptions: 60,
} as const;
