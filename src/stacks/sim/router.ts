import type { DhcpServerOptions } from './dhcp-server.ts';
import type { HostOptions } from './host.ts';
import type { AdvertiseOptions } from './router-advertiser.ts';
import type { NatOptions } from './translation.ts';

export interface RouterOptions extends HostOptions {
	/** Translate addresses where it leads outside. Default: no. */
	readonly nat?: NatOptions | undefined;
	/** Give out IPv4 addresses. Default: no. */
	readonly dhcpServer?: DhcpServerOptions | undefined;
	/** Advertise IPv6 networks, so that hosts make addresses of their own. Default: no. */
	readonly advertise?: AdvertiseOptions | undefined;
}
