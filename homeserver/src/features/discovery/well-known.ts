/** The configuration's section `well_known`. */
export interface WellKnownSettings {
  readonly server?: string | undefined;
  readonly client: Readonly<Record<string, unknown>>;
  readonly support: {
    readonly admin_user?: string | undefined;
    readonly admin_email?: string | undefined;
    readonly page?: string | undefined;
  };
}

/** The document of `/.well-known/matrix/support`; `undefined` where nothing is configured. */
export const supportOf = ({ support }: Pick<WellKnownSettings, 'support'>) => {
  const { admin_user: user, admin_email: email, page } = support;
  const contact = {
    role: 'm.role.admin',
    ...(user !== undefined && { matrix_id: user }),
    ...(email !== undefined && { email_address: email }),
  };
  const hasContact = user !== undefined || email !== undefined;
  if (!hasContact && page === undefined) return undefined;
  return { ...(hasContact && { contacts: [contact] }), ...(page !== undefined && { support_page: page }) };
};

/** Where clients reach a server whose configuration does not say so. */
export const defaultBaseUrl = (serverName: string, listenUrls: readonly string[]): string => {
  const [first = 'http://localhost:8008'] = listenUrls;
  const isLocal = /^localhost(:\d+)?$/.test(serverName);
  return isLocal ? first.replace(/127\.0\.0\.1|\[::1?\]|0\.0\.0\.0/, 'localhost') : `https://${serverName}`;
};
