/** Who sent a request, as the access token says. */
export interface AuthUser {
  id: string;
  sessionId: string;
  roles: readonly string[];
  emailVerified: boolean;
  /** When the person last proved who they are (password or code). */
  authTime: Date;
}
