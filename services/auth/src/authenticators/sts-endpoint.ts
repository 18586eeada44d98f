/** `<account>.<region>.fc.aliyuncs.com` and, of 3.0, `fcv3.<region>.aliyuncs.com`; from within with `-internal`. */
const FUNCTION_COMPUTE = /^[^.]+\.([a-z0-9-]+?)(?:-internal)?(?:\.fc)?\.aliyuncs\.com$/;
const EVERYWHERE = 'https://sts.aliyuncs.com';

/** Where roles are taken on: STS in the region of a function's endpoint, or its central one when that names none. */
export function stsOf(functionEndpoint: string): string {
  const region = FUNCTION_COMPUTE.exec(new URL(functionEndpoint).hostname)?.[1];
  return region === undefined ? EVERYWHERE : `https://sts.${region}.aliyuncs.com`;
}
