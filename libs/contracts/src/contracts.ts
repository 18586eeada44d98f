export {
  requestContract,
  SERVICE_ERROR_CODE_HEADER,
  SERVICE_ERROR_HEADER,
  type ReplyOf,
  type RequestContract,
  type RequestOf,
} from './request-contract.ts';
export { subjectToken, textOfSubjectToken, topicTokens } from './subject-token.ts';
export {
  connectionAttemptSubject,
  edgeSubject,
  lifecycleSubject,
  messageSubject,
  parsingFailureFilter,
  parsingFailureSubject,
  parsingSampleSubject,
  presenceReportSubject,
  presenceSubject,
  registryEventSubject,
  uplinkSubject,
  watchedSubject,
} from './subjects.ts';
export {
  ATTEMPTS_STREAM,
  BANS_BUCKET,
  BUCKETS,
  EDGES_BUCKET,
  MESSAGES_STREAM,
  PARSING_FAILURES_STREAM,
  NOTIFICATIONS_STREAM,
  PARSING_SAMPLES_STREAM,
  PARTITIONS_BUCKET,
  PRESENCE_STREAM,
  REGISTRY_STREAM,
  SESSIONS_BUCKET,
  STAPLES_BUCKET,
  STREAMS,
  TICKET_KEYS_BUCKET,
  UPLINK_PARTITIONS,
  UPLINK_STREAM,
  uplinkPartition,
  type BucketDefinition,
  type StreamDefinition,
} from './streams/stream-definitions.ts';
export {
  deviceName,
  devicePassword,
  deviceSerialNumber,
  deviceStatus,
  gatewayId,
  productKey,
  type DeviceStatus,
} from './device/device-identity.ts';
export { FAILURE_HEADERS, MESSAGE_HEADERS } from './device/message-headers.ts';
export {
  admissionRefusal,
  admissionStep,
  admitDevice,
  clientCertificate,
  type AdmissionRefusal,
  type AdmissionStep,
  type ClientCertificate,
} from './auth/admit-device.ts';
export {
  authenticationTestInput,
  authenticationTestResult,
  testAuthentication,
  type AuthenticationTestInput,
  type AuthenticationTestResult,
} from './auth/test-authentication.ts';
export {
  certificateStaple,
  certificateStatus,
  type CertificateStaple,
  type CertificateStatus,
} from './ocsp/certificate-status.ts';
export { answerOcspRequest, getCertificateRevocationList } from './registry/authority-queries.ts';
export {
  authorityInput,
  authorityPage,
  authorityView,
  certificateRequestInput,
  issuedCertificatePage,
  issuedCertificateView,
  revocationInput,
  revocationReason,
  type AuthorityInput,
  type AuthorityView,
  type CertificateRequestInput,
  type IssuedCertificateView,
  type RevocationInput,
  type RevocationReason,
} from './http/authority-resource.ts';
export {
  DEFAULT_GATEWAY_TLS,
  DEFAULT_REVOCATION,
  gatewayRevocation,
  gatewayTls,
  type GatewayRevocation,
  type GatewayTls,
} from './http/gateway-tls.ts';
export {
  deliverMessage,
  downlinkMessage,
  kickSession,
  sessionEndReason,
  type SessionEndReason,
} from './edge/session-requests.ts';
export {
  edgeEntry,
  presenceReport,
  presenceReports,
  sessionEntry,
  type EdgeEntry,
  type PresenceReport,
  type SessionEntry,
} from './edge/presence-report.ts';
export {
  addressBan,
  banKey,
  connectionAttempt,
  connectionAttempts,
  type AddressBan,
  type ConnectionAttempt,
} from './edge/connection-attempt.ts';
export { addressGroup } from './edge/address-group.ts';
export { deviceOfSessionKey, sessionKey } from './edge/session-key.ts';
export {
  gatewayListener,
  getGateway,
  listGateways,
  type GatewayListener,
} from './registry/gateway-queries.ts';
export {
  ensureDevice,
  gatewayAdmission,
  getGatewayAdmission,
  type GatewayAdmission,
} from './registry/admission-queries.ts';
export { findCredential, passwordHash, type PasswordHash } from './registry/credential-queries.ts';
export { parsingSample, type ParsingSample } from './parser/parsing-sample.ts';
export {
  MAX_RETRIED_FAILURES,
  retriedFailures,
  retryFailures,
  type RetriedFailures,
} from './parser/retry-failures.ts';
export { tryScript } from './parser/try-script.ts';
export {
  parsingTrialAnswer,
  parsingTrialInput,
  parsingTrialOfRecent,
  parsingTrialResult,
  trialEncoding,
  trialPayload,
  type ParsingTrialAnswer,
  type ParsingTrialInput,
  type ParsingTrialResult,
  type TrialEncoding,
} from './http/parsing-trial-resource.ts';
export { isInCanary } from './registry/canary-share.ts';
export {
  getProductParsing,
  onParsingFailure,
  productParsing,
  scriptLanguage,
  type OnParsingFailure,
  type ScriptLanguage,
  type ProductParsing,
} from './registry/parsing-queries.ts';
export { registryEvent, type RegistryEvent } from './registry/registry-event.ts';
export { encodeDownlink } from './parser/encode-downlink.ts';
export { watchedMessage, watchProduct, type WatchedMessage } from './parser/watch-product.ts';
export {
  decodeUplinkBatch,
  MalformedUplinkBatch,
  UplinkBatchEncoder,
  type UplinkBatch,
  type UplinkMessage,
  type UplinkProperties,
} from './uplink/uplink-batch.ts';
export {
  DEFAULT_PAGE_LIMIT,
  historyQuery,
  MAX_PAGE_LIMIT,
  pageOf,
  pageQuery,
  versionListQuery,
  type Page,
} from './http/page.ts';
export { wholeNumberText } from './http/whole-number-text.ts';
export {
  AUTHENTICATION_VARIABLES,
  gatewayAuthentication,
  unknownVariables,
  type GatewayAuthentication,
  type GatewayAuthenticationInput,
  type GatewayAuthenticationPatch,
} from './http/gateway-authentication.ts';
export {
  certificateDetails,
  certificateFacts,
  certificatesCheckInput,
  certificatesCheckResult,
  deviceRootInput,
  deviceRootPatch,
  deviceRootsView,
  deviceRootView,
  gatewayCertificatesInput,
  gatewayCertificatesPatch,
  gatewayCertificatesView,
  type CertificateChainView,
  type CertificateDetails,
  type CertificateFacts,
  type CertificateFinding,
  type CertificateGenerationView,
  type CertificatesCheckInput,
  type CertificatesCheckResult,
  type DeviceRootInput,
  type DeviceRootPatch,
  type DeviceRootsView,
  type DeviceRootView,
  type GatewayCertificatesPatch,
  type GatewayCertificatesView,
  type StapleStatusView,
} from './http/gateway-certificates.ts';
export { DEFAULT_GATEWAY_LIMITS, gatewayLimits, type GatewayLimits } from './http/gateway-limits.ts';
export {
  DEFAULT_GATEWAY_PORT,
  gatewayHostname,
  gatewayInput,
  gatewayName,
  gatewayNameLength,
  gatewayNotice,
  gatewayPage,
  gatewayPatch,
  gatewayStatus,
  gatewayView,
  gatewayX509,
  ocspMode,
  topicSpace,
  type GatewayInput,
  type GatewayNotice,
  type GatewayPatch,
  type GatewayStatus,
  type GatewayView,
  type OcspMode,
  type TopicSpace,
} from './http/gateway-resource.ts';
export {
  PERMISSION_PLACEHOLDERS,
  topicPermission,
  topicPermissions,
  type TopicPermission,
} from './http/topic-permission.ts';
export {
  addressBanPage,
  connectionAttemptPage,
  connectionAttemptQuery,
} from './http/connection-attempt-resource.ts';
export { productPage, productView, type ProductView } from './http/product-resource.ts';
export {
  deviceImportPage,
  deviceImportState,
  deviceImportView,
  type DeviceImportView,
} from './http/device-import-resource.ts';
export {
  deviceCredentialsInput,
  deviceExportQuery,
  deviceHistoryEvent,
  deviceHistoryPage,
  deviceImportInput,
  deviceImportQuery,
  deviceListQuery,
  devicePage,
  deviceView,
  importResult,
  importRowError,
  MAX_IMPORT_ROWS,
  type DeviceHistoryEvent,
  type DeviceImportInput,
  type DeviceView,
  type ImportResult,
  type ImportRowError,
} from './http/device-resource.ts';
export {
  deletedParsingFailures,
  parsingFailurePage,
  parsingFailureQuery,
  parsingFailureSelection,
  parsingFailureView,
  parsingRetryInput,
  parsingRetryResult,
  type DeletedParsingFailures,
  type ParsingFailureSelection,
  type ParsingFailureView,
  type ParsingRetryInput,
  type ParsingRetryResult,
} from './http/parsing-failure-resource.ts';
export {
  MAX_SCRIPT_BYTES,
  canaryPercent,
  parsingCanaryInput,
  parsingDraftInput,
  parsingDraftView,
  parsingSubmitInput,
  parsingVersionList,
  parsingVersionView,
  type ParsingCanaryInput,
  type ParsingDraftInput,
  type ParsingDraftView,
  type ParsingVersionView,
} from './http/parsing-resource.ts';
export {
  apiKeyInput,
  apiKeyPage,
  apiKeyRole,
  apiKeyView,
  newApiKeyView,
  type ApiKeyInput,
  type ApiKeyRole,
  type ApiKeyView,
  type NewApiKeyView,
} from './http/api-key-resource.ts';
export {
  downlinkInput,
  downlinkResult,
  type DownlinkInput,
  type DownlinkResult,
} from './http/downlink-resource.ts';
export {
  atQuery,
  deviceNowOrThen,
  deviceStateAt,
  gatewayNowOrThen,
  gatewayStateAt,
  lastChange,
  type DeviceStateAt,
  type GatewayStateAt,
  type LastChange,
} from './http/state-at.ts';
export { eventListQuery, eventPage, loggedEvent, type LoggedEvent } from './http/event-resource.ts';
export {
  droppedMessages,
  messageStreamQuery,
  streamedMessage,
  type StreamedMessage,
} from './http/message-stream-resource.ts';
