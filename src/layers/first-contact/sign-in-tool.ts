/** The name of the only tool of a server before the user has signed in. */
export const SIGN_IN_TOOL = 'sign_in';
