import { portSuite } from '../../testing/port-suite.ts';
import { stackSuite } from '../../testing/stack-suite.ts';
import { kernel } from './kernel.ts';

for (const internals of [true, false]) {
	const name = internals ? 'kernel' : 'kernel without internals';
	const fixture = async () => {
		const stack = kernel({ internals });
		return { stack, open: () => stack.open };
	};
	stackSuite(name, fixture);
	if (internals) portSuite(`${name}: ports`, fixture);
}
