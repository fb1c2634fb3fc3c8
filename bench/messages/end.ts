/** One end of one subject, as a process: `end.ts server SUBJECT LOAD`, `end.ts client SUBJECT LOAD ADDRESS`. */

import type { Answer } from '../process-pair.ts';
import type { Load, SubjectName } from './cases.ts';
import { measure } from './load.ts';
import type { Subject } from './subject.ts';

const subjects: Record<SubjectName, () => Promise<{ subject: Subject }>> = {
	'post-sockets': () => import('./subjects/post-sockets.ts'),
	raw: () => import('./subjects/raw.ts'),
	node: () => import('./subjects/raw.ts'),
	ws: () => import('./subjects/ws.ts'),
	zeromq: () => import('./subjects/zeromq.ts'),
	grpc: () => import('./subjects/grpc.ts'),
	'socket.io': () => import('./subjects/socket.io.ts'),
};

const [role, name, loadText, addressText] = process.argv.slice(2);
const load = JSON.parse(loadText!) as Load;

process.on('disconnect', () => process.exit());
process.on('uncaughtException', (error) => tell({ error: error.stack ?? error.message }));
const { subject } = await subjects[name as SubjectName]();
if (role === 'server') tell({ value: await subject.listen(load) });
else {
	const link = await subject.connect(JSON.parse(addressText!), load);
	process.on('message', async (milliseconds: number) => {
		tell({ value: await measure(link, load, milliseconds) });
	});
	tell({ value: undefined });
}

function tell(answer: Answer<unknown>): void {
	process.send!(answer);
}
