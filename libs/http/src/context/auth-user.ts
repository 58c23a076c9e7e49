/** The user who sent a request, according to the access token. */
export interface AuthUser {
  id: string;
  sessionId: string;
  roles: readonly string[];
  emailVerified: boolean;
  /** The time of the last authentication with a password or code. */
  authTime: Date;
}
