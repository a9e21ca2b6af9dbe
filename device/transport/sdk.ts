/**
 * Loads the native MQTT clients of the AWS IoT Device SDK (its package `aws-crt`) on first use. It is an
 * optional package: what is used of it is stated here, so that this compiles where it is not installed.
 * A test holds these types to the package's own.
 */
import { sdkUnavailable } from './errors.js';

export interface Sdk {
  readonly io: {
    readonly SocketOptions: new (type: number, domain: number, connectTimeoutMs: number) => SocketOptions;
    readonly SocketType: { readonly STREAM: number };
    readonly SocketDomain: { readonly IPV4: number };
  };
  readonly iot: {
    readonly AwsIotMqttConnectionConfigBuilder: {
      new_mtls_builder_from_path(certificatePath: string, keyPath: string): ConnectionBuilder;
    };
    readonly AwsIotMqtt5ClientConfigBuilder: {
      newDirectMqttBuilderWithMtlsFromPath(
        host: string,
        certificatePath: string,
        keyPath: string,
      ): Mqtt5Builder;
    };
  };
  readonly mqtt: {
    readonly MqttClient: new () => { new_connection(config: ConnectionConfig): Connection };
    readonly MqttWill: new (topic: string, qos: number, payload: string, retain: boolean) => Will;
  };
  readonly mqtt5: {
    readonly Mqtt5Client: new (config: Mqtt5Config) => Mqtt5Client;
    readonly ClientSessionBehavior: { readonly Clean: number };
    readonly ClientOperationQueueBehavior: { readonly FailAllOnDisconnect: number };
    readonly ClientExtendedValidationAndFlowControl: { readonly None: number };
    readonly RetryJitterType: { readonly Full: number };
  };
}

/** The SDK's own object; never looked into. */
type SocketOptions = object;
type Will = object;
/** Without its metrics, CONNECT carries no user name. */
interface ConnectionConfig {
  disable_metrics?: boolean;
}
interface Mqtt5Config {
  readonly hostName: string;
  readonly port: number;
  disableMetrics?: boolean;
}

interface ConnectionBuilder {
  with_certificate_authority_from_path(folder: undefined, caPath: string): ConnectionBuilder;
  with_endpoint(host: string): ConnectionBuilder;
  with_port(port: number): ConnectionBuilder;
  with_client_id(clientId: string): ConnectionBuilder;
  with_clean_session(clean: boolean): ConnectionBuilder;
  with_keep_alive_seconds(seconds: number): ConnectionBuilder;
  with_ping_timeout_ms(timeoutMs: number): ConnectionBuilder;
  with_protocol_operation_timeout_ms(timeoutMs: number): ConnectionBuilder;
  with_reconnect_min_sec(seconds: number): ConnectionBuilder;
  with_reconnect_max_sec(seconds: number): ConnectionBuilder;
  with_socket_options(options: SocketOptions): ConnectionBuilder;
  with_will(will: Will): ConnectionBuilder;
  build(): ConnectionConfig;
}

export interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<void>;
  publish(topic: string, payload: string, qos: number, retain: boolean): Promise<object>;
  subscribe(topic: string, qos: number): Promise<{ readonly qos: number }>;
  on(event: 'connect' | 'disconnect' | 'resume', listener: () => void): unknown;
  on(event: 'interrupt', listener: (error: unknown) => void): unknown;
  on(event: 'message', listener: (topic: string, payload: ArrayBuffer) => void): unknown;
}

export interface ConnectPacket {
  readonly clientId: string;
  readonly keepAliveIntervalSeconds: number;
  readonly will?: {
    readonly topicName: string;
    readonly payload: string;
    readonly retain: boolean;
    readonly qos: number;
  };
}

interface Mqtt5Builder {
  withCertificateAuthorityFromPath(folder: undefined, caPath: string): Mqtt5Builder;
  withPort(port: number): Mqtt5Builder;
  withConnectProperties(packet: ConnectPacket): Mqtt5Builder;
  withSessionBehavior(behaviour: number): Mqtt5Builder;
  withOfflineQueueBehavior(behaviour: number): Mqtt5Builder;
  withExtendedValidationAndFlowControlOptions(mode: number): Mqtt5Builder;
  withRetryJitterMode(mode: number): Mqtt5Builder;
  withMinReconnectDelayMs(delayMs: number): Mqtt5Builder;
  withMaxReconnectDelayMs(delayMs: number): Mqtt5Builder;
  withPingTimeoutMs(timeoutMs: number): Mqtt5Builder;
  withConnackTimeoutMs(timeoutMs: number): Mqtt5Builder;
  withAckTimeoutSeconds(seconds: number): Mqtt5Builder;
  withSocketOptions(options: SocketOptions): Mqtt5Builder;
  build(): Mqtt5Config;
}

interface Failure {
  readonly error: unknown;
}

export interface Mqtt5Client {
  start(): void;
  stop(packet: { readonly reasonCode: number }): void;
  close(): void;
  publish(packet: {
    readonly topicName: string;
    readonly payload: string;
    readonly qos: number;
    readonly retain: boolean;
  }): Promise<{ readonly reasonCode: number } | undefined>;
  subscribe(packet: {
    readonly subscriptions: { readonly topicFilter: string; readonly qos: number }[];
  }): Promise<{ readonly reasonCodes: readonly number[] }>;
  once(event: 'connectionSuccess' | 'stopped', listener: () => void): unknown;
  on(event: 'connectionSuccess', listener: () => void): unknown;
  on(event: 'connectionFailure' | 'disconnection', listener: (failure: Failure) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(
    event: 'messageReceived',
    listener: (received: {
      readonly message: { readonly topicName: string; readonly payload?: unknown };
    }) => void,
  ): unknown;
}

/** Not a literal, so that the compiler does not look the package up. */
const packageName: string = 'aws-crt';

/** @throws SDK_UNAVAILABLE. */
export async function loadSdk(): Promise<Sdk> {
  try {
    // A CommonJS package: its exports are the default.
    return ((await import(packageName)) as { default: Sdk }).default;
  } catch (error) {
    throw sdkUnavailable(error);
  }
}
