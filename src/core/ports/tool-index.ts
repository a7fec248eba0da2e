/** Finds tools by what they are called and by what they do. */
import type { Json } from '../json.ts';

export interface IndexedTool {
  readonly name: string;
  /** Its whole entry in the list, as JSON text. */
  readonly definition: Json;
}

export interface ToolIndex {
  readonly size: number;
  /** The best matches, best first; a tool that the words name exactly comes before all others. */
  search(words: string, limit: number): readonly IndexedTool[];
  get(name: string): IndexedTool | undefined;
}

/** Makes the index of a list. The same list gets the same index, however many clients have it. */
export type MakeToolIndex = (tools: readonly IndexedTool[]) => ToolIndex;
