/** Of Alibaba Cloud: that of a RAM user, or with its token the temporary one of a role. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly securityToken?: string;
}
