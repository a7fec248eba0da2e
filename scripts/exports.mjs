import { parseSync } from 'rolldown/utils';

/**
 * Exports in one go what the bundler exports with a statement or a getter each, which makes the program 2 % smaller. A
 * binding that may change after the file has run keeps its getter.
 * @param {string} code a minified CommonJS module
 */
export function exportedTogether(code) {
  const { program } = parseSync('program.cjs', code);
  const isConstant = constantsOf(program);
  let text = code;
  for (const { type, expression } of program.body.toReversed()) {
    if (type !== 'ExpressionStatement') continue;
    const all = expression.type === 'SequenceExpression' ? expression.expressions : [expression];
    const exported = all.map((one) => assigned(one) ?? got(one));
    const first = exported.lastIndexOf(undefined) + 1;
    const run = all.slice(first).map((node, i) => ({ node, ...exported[first + i] }));
    const together = run.filter(({ value, isGetter }) => !isGetter || isConstant(value));
    if (together.length < 2) continue;
    const source = (/** @type {{ start: number, end: number }} */ { start, end }) => code.slice(start, end);
    const members = together.map(({ name, value }) => `${name}:${source(value)}`);
    const getters = run.filter((one) => !together.includes(one)).map(({ node }) => source(node));
    const written = [...getters, `Object.assign(exports,{${members.join(',')}})`].join(',');
    text = text.slice(0, all[first].start) + written + text.slice(expression.end);
  }
  return text;
}

/**
 * The names of the exports that have kept their getters: they may change after the file has run.
 * @param {string} code as {@link exportedTogether} returns it
 */
export function changingExports(code) {
  return parseSync('program.cjs', code).program.body.flatMap(({ type, expression }) => {
    if (type !== 'ExpressionStatement') return [];
    const all = expression.type === 'SequenceExpression' ? expression.expressions : [expression];
    return all.flatMap((one) => got(one)?.name ?? []);
  });
}

/**
 * Takes what a file uses of another one out of its exports once, in variables. The program's file has so many exports
 * that V8 keeps them as a dictionary: it would look each of them up again at every use, and could not inline any.
 * @param {string} code a CommonJS module that is not minified yet: no other variable has the name of a required file
 * @param {string} file what it requires, as it is written there
 * @returns the new code, and the names of the exports that it takes
 */
export function takenOnce(code, file) {
  if (!code.includes(file)) return { code, names: [] };
  const { program } = parseSync('program.cjs', code);
  const required = program.body.flatMap((statement) =>
    statement.type === 'VariableDeclaration'
      ? statement.declarations.filter(({ init }) => isRequired(init, file)).map(({ id }) => ({ id, statement }))
      : [],
  );
  const [only] = required;
  if (!only) return { code, names: [] };
  const { id, statement } = only;
  const uses = usesOf(program, id.name).toReversed();
  let text = code;
  for (const { start, end, property } of uses)
    text = `${text.slice(0, start)}${id.name}_${property.name}${text.slice(end)}`;
  const names = [...new Set(uses.map(({ property }) => property.name))];
  const taken = `const {${names.map((name) => `${name}: ${id.name}_${name}`).join(', ')}} = ${id.name};`;
  return { code: `${text.slice(0, statement.end)}\n${taken}${text.slice(statement.end)}`, names };
}

/** Whether an expression is `require("file")`. */
function isRequired(init, file) {
  return init?.type === 'CallExpression' && init.callee.name === 'require' && init.arguments[0]?.value === file;
}

/** The places where a variable is used, which are all of the form `variable.name`, in order. */
function usesOf(program, variable) {
  const found = [];
  let others = 0;
  const walk = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (node.type === 'MemberExpression' && !node.computed && node.object.name === variable) {
      found.push(node);
      return;
    }
    if (node.type === 'Identifier' && node.name === variable) others++;
    for (const child of Object.values(node)) walk(child);
  };
  walk(program);
  // Its declaration is the only place of another form.
  if (others !== 1) throw new Error(`${variable} is not only used for its members`);
  return found.sort((a, b) => a.start - b.start);
}

/** The name and the value of `exports.name = value`; undefined for any other expression. */
function assigned({ type, operator, left, right }) {
  const isExport = type === 'AssignmentExpression' && operator === '=' && left.type === 'MemberExpression';
  if (!isExport || left.computed || left.object.name !== 'exports') return undefined;
  return { name: left.property.name, value: right, isGetter: false };
}

/**
 * The name and the value of `Object.defineProperty(exports, 'name', { enumerable: true, get: function () { return value; }
 * })`; undefined for any other expression.
 */
function got({ type, callee, arguments: args }) {
  const isDefinition = type === 'CallExpression' && callee.property?.name === 'defineProperty';
  if (!isDefinition || args[0]?.name !== 'exports' || typeof args[1]?.value !== 'string') return undefined;
  const getter = args[2]?.properties?.find(({ key }) => key.name === 'get')?.value;
  const [statement, ...others] = getter?.body?.body ?? [];
  if (statement?.type !== 'ReturnStatement' || others.length > 0) return undefined;
  return { name: args[1].value, value: statement.argument, isGetter: true };
}

/** Whether an expression has the same value at the end of the module and ever after. */
function constantsOf(program) {
  const declared = new Map();
  for (const statement of program.body) {
    if (statement.type === 'FunctionDeclaration') declared.set(statement.id.name, 'function');
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id } of statement.declarations) if (id.type === 'Identifier') declared.set(id.name, statement.kind);
  }
  const changed = changedNames(program);
  return ({ type, name }) => {
    if (type !== 'Identifier') return type === 'Literal';
    return declared.get(name) === 'const' || (declared.has(name) && !changed.has(name));
  };
}

/** The names that anything is assigned to, in whatever scope. */
function changedNames(program) {
  /** @type {Set<string>} */
  const names = new Set();
  const targets = (node) => {
    // Whatever a member is set to, the variable with the object stays the same.
    if (node === null || typeof node !== 'object' || node.type === 'MemberExpression') return;
    if (node.type === 'Identifier') names.add(node.name);
    else for (const child of Object.values(node)) targets(child);
  };
  const walk = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (node.type === 'AssignmentExpression') targets(node.left);
    if (node.type === 'UpdateExpression') targets(node.argument);
    if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') targets(node.left);
    for (const child of Object.values(node)) walk(child);
  };
  walk(program);
  return names;
}
