/** The header that says the token. */
export const TOKEN_HEADER = 'x-stagelight-token';
