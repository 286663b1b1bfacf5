import { writeFileSync } from 'node:fs';
import { generated, OUTPUT } from './document.ts';

writeFileSync(OUTPUT, generated());
