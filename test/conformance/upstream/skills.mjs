// The skills extension (SEP-2640), as the official SDK v2 serves it. One skill with a folder below it, so that there
// is a directory to read.
import { memorySkillFiles, SkillCatalog } from '@modelcontextprotocol/server/ext/skills';

const MANIFEST = `---
name: weather-report
description: How to write a report about the weather.
---

# Weather report

Say first what will happen, then why. See [the words](references/words.md).
`;

export const skills = await SkillCatalog.load(
  memorySkillFiles({
    'weather-report/SKILL.md': MANIFEST,
    'weather-report/references/words.md': '# Words\n\nrain, snow, wind\n',
  }),
);
