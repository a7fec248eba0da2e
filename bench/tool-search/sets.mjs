// Sets of tools of any size: the fifty of targets.mjs, and others that many services could have, always the same ones.
import { TARGETS } from './targets.mjs';

const SERVICES =
  'gitlab bitbucket azure_devops asana trello monday clickup teams discord zoom hubspot salesforce zendesk intercom shopify paypal quickbooks xero airtable dropbox box onedrive sharepoint confluence datadog grafana pagerduty newrelic aws gcp azure cloudflare vercel netlify mongodb mysql redis elastic snowflake bigquery'.split(
    ' ',
  );
const NOUNS = [
  ['project', 'name description owner visibility'],
  ['task', 'title description assignee due_date priority'],
  ['comment', 'parent_id body'],
  ['user', 'email name role'],
  ['report', 'from to format group_by'],
  ['webhook', 'url events secret'],
  ['record', 'table fields'],
  ['alert', 'condition threshold severity channel'],
  ['document', 'title folder content'],
  ['deployment', 'environment version region'],
];
const VERBS = [
  ['list', 'List', 'with filters and paging', 'filter sort limit cursor'],
  ['get', 'Get', 'by its id, with all its fields', 'id expand'],
  ['create', 'Create', 'and return it', ''],
  ['update', 'Update the given fields of', 'and leave the others as they are', 'id'],
  ['delete', 'Delete', 'for good; this cannot be undone', 'id'],
];

const TYPES = {
  limit: 'integer',
  days: 'integer',
  replicas: 'integer',
  amount: 'integer',
  draft: 'boolean',
  raw: 'boolean',
  labels: 'array',
  assignees: 'array',
  fields: 'object',
};

/** A tool as `tools/list` has it. @param {string} name @param {string} description @param {string} parameters */
function tool(name, description, parameters) {
  const names = parameters.split(' ').filter((each) => each !== '');
  const properties = Object.fromEntries(
    names.map((each) => [
      each,
      { type: TYPES[each] ?? 'string', description: `The ${each.replaceAll('_', ' ')} to use for this request` },
    ]),
  );
  return {
    name,
    description,
    inputSchema: { type: 'object', properties, required: names.slice(0, 2), additionalProperties: false },
  };
}

/** @param {number} size from 50 to 2,050 */
export function toolSet(size) {
  const all = TARGETS.map(([name, description, parameters]) => tool(name, description, parameters));
  for (const [verb, says, how, more] of VERBS) {
    for (const [noun, parameters] of NOUNS) {
      for (const service of SERVICES) {
        if (all.length >= size) return all;
        const own = verb === 'create' || verb === 'update' ? `${more} ${parameters}` : more;
        const label = service.replaceAll('_', ' ');
        all.push(tool(`${service}_${verb}_${noun}`, `${says} a ${noun} in ${label} ${how}`, own));
      }
    }
  }
  return all;
}
