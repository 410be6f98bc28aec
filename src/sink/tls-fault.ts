/** The alerts of TLS (RFC 8446, 6.2) by which a server turns down the client's certificate, or wants one, as Node names them. */
const REFUSALS =
  /^ERR_SSL_\w*ALERT_(?:CERTIFICATE_\w+|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)$/;

/** Whether it is the client's certificate that is at fault, and not the server's. */
export function isClientRefused(code: string): boolean {
  return REFUSALS.test(code);
}
