/**
 * `post-sockets/ip`: an IP stack in user space, on any link, and links to stand it on. It has TCP, UDP and ICMP; TCP is young.
 *
 * ```ts
 * import { ipStack, linkPair } from 'post-sockets/ip'
 *
 * const [here, there] = linkPair({ name: 'cable' })
 * const stack = ipStack(here, { addresses: ['192.0.2.1/24'] })
 * const other = ipStack(there, { addresses: ['192.0.2.2/24'] })
 * await stack.ready()
 * ```
 */

export { deaf, type FrameInfo, type Link, type LinkHandler, type Medium, type Offloads } from '../stack/link.ts';
export type { InterfaceConfig, IpConfig, StaticRoute } from '../stacks/ip/config.ts';
export type {
	EchoHandler,
	EchoOptions,
	EchoPort,
	EchoProblem,
	EchoReply,
	EchoRequest,
} from '../stacks/ip/echo-port.ts';
export type { Inspection } from '../stacks/ip/inspection.ts';
export { type IpStack, ipStack, type ReadyOptions } from '../stacks/ip/ip-stack.ts';
export type { IpLimits } from '../stacks/ip/limits.ts';
export { type Hub, type HubOptions, hub } from '../stacks/links/hub.ts';
export { type ImpairedLink, type ImpairOptions, impair } from '../stacks/links/impair/impair.ts';
export { type LinkPairOptions, linkPair } from '../stacks/links/pair.ts';
export { type CaptureOptions, type CaptureWrite, type PcapngCapture, pcap, pcapng } from '../stacks/links/pcap.ts';
export { type EthernetSwitch, type EthernetSwitchOptions, ethernetSwitch } from '../stacks/links/switch.ts';
