/** The name of the one tool of a server that nobody has signed in to. */
export const SIGN_IN_TOOL = 'sign_in';
