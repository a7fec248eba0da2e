/** Why a proxy ends, and so how much time it has. */
export type Ending = 'client-gone' | 'signal' | 'crash';
