/** A URL without its password. */
export function maskUrl(url: string): string {
  return url.replace(/(:\/\/[^:@/]*):.*@/, '$1:***@').replace(/([?&](?:ssl)?password=)[^&]*/gi, '$1***');
}
