/** What a program names as `sim.` */

export { explore, play } from './explore.ts';
export { network } from './network.ts';
