/** `post-sockets/sim`: a network in this program, in virtual time. docs/simulation.md */

export { type VirtualClock, type VirtualClockOptions, virtualClock } from '../base/virtual-clock.ts';
export type { ExploreOptions, Failing, Injector, Scenario } from '../stacks/sim/explore.ts';
export type { Fault, Hold, Rule, Verdict } from '../stacks/sim/faults.ts';
export type { Host, HostOptions, InterfaceOptions } from '../stacks/sim/host.ts';
export type { Skew } from '../stacks/sim/host-clock.ts';
export type { NameRecords, NameServerOptions } from '../stacks/sim/name-server.ts';
export type { HostLike, Network, NetworkOptions, OneWay } from '../stacks/sim/network.ts';
export type { SimPacket, SimProtocol } from '../stacks/sim/packet.ts';
export type { RouterOptions } from '../stacks/sim/router.ts';
export type { Segment, SegmentOptions } from '../stacks/sim/segment.ts';
export * as sim from '../stacks/sim/sim.ts';
export type { Hop } from '../stacks/sim/traceroute.ts';
export type { NatOptions, NatType } from '../stacks/sim/translation.ts';
