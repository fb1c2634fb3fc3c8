/** Joins what must not know each other: the default stack of Node is the kernel's. Importing it twice changes nothing. */

import { provideDefaultStack } from '../stack/registry.ts';
import { kernel } from '../stacks/kernel/kernel.ts';

provideDefaultStack(() => kernel());
