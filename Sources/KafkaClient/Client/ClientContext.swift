import CRdKafka
import Logging
import Synchronization

/// What a client's callbacks need. It is handed to librdkafka as the configuration's opaque.
final class ClientContext: Sendable {
  let logger: Logger
  let rebalance: RebalanceDispatcher?
  let deliveries: DeliveryTracker?
  let fetchGate: FetchGate?
  let statistics: StatisticsObserver?
  private let lastFailure = Mutex<ConnectionFailure?>(nil)
  private let certificateFault = Mutex<CertificateFault?>(nil)

  private let refusedPartition = Mutex<RefusedPartition?>(nil)

  /// The partition that a coordinator refused to a transaction last, once.
  func takeRefusedPartition() -> RefusedPartition? {
    refusedPartition.withLock { partition in
      defer { partition = nil }
      return partition
    }
  }

  /// Why the last connection to a broker failed that did; nil when none has.
  var connectionFailure: ConnectionFailure? { lastFailure.withLock { $0 } }

  init(
    logger: Logger, rebalance: RebalanceDispatcher? = nil, deliveries: DeliveryTracker? = nil,
    fetchGate: FetchGate? = nil, statistics: StatisticsObserver? = nil
  ) {
    self.logger = logger
    self.rebalance = rebalance
    self.deliveries = deliveries
    self.fetchGate = fetchGate
    self.statistics = statistics
  }

  /// Sets the opaque and the callbacks. The context must outlive the client.
  func install(on conf: OpaquePointer) {
    rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(self).toOpaque())
    rd_kafka_conf_set_log_cb(conf) { client, level, facility, text in
      guard let client, let opaque = rd_kafka_opaque(client) else { return }
      ClientContext.from(opaque).log(client, level: level, facility: facility, text: text)
    }
    installCertificateLook(on: conf)
    if rebalance != nil {
      rd_kafka_conf_set_rebalance_cb(conf) { client, event, partitions, opaque in
        guard let client, let opaque else { return }
        ClientContext.from(opaque).rebalance?.handle(client, event: event, partitions: partitions)
      }
      // Without it librdkafka only logs the errors of brokers and of the whole client.
      rd_kafka_conf_set_error_cb(conf) { client, code, text, opaque in
        guard let client, let opaque else { return }
        let error = KafkaError(
          rd_kafka_resp_err_t(rawValue: code), operation: "stay in touch with the cluster",
          detail: text.map { String(cString: $0) })
        ClientContext.from(opaque).rebalance?.keep(error.resolvingFatal(of: client))
      }
    }
    if deliveries != nil {
      // Also without observers: with none, committing a transaction takes 10 ms at least (measured).
      rd_kafka_conf_set_dr_msg_cb(conf) { _, message, opaque in
        guard let message, let opaque else { return }
        guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR || message.pointee._private != nil else {
          return
        }
        ClientContext.from(opaque).deliveries?.report(message)
      }
    }
    if fetchGate != nil { installFetchGate(on: conf) }
    if statistics != nil {
      rd_kafka_conf_set_stats_cb(conf) { _, text, count, opaque in
        if let text, let opaque {
          ClientContext.from(opaque).statistics?(UnsafeRawBufferPointer(start: text, count: count))
        }
        // librdkafka frees the text.
        return 0
      }
    }
  }

  /// Remembers why a certificate was refused, and changes nothing in what is: OpenSSL's verdict stays. Called on librdkafka's
  /// threads. A librdkafka without TLS takes none, and needs none.
  private func installCertificateLook(on conf: OpaquePointer) {
    _ = rd_kafka_conf_set_ssl_cert_verify_cb(conf) { _, _, _, code, depth, _, _, text, size, opaque in
      guard let opaque, let code = code?.pointee else { return 0 }
      let fault = code == 0 ? nil : CertificateFault(code: Int32(code), depth: Int32(depth))
      // The chain is looked at from its root down to the first fault.
      ClientContext.from(opaque).certificateFault.withLock { $0 = fault }
      guard let fault else { return 1 }
      if let text { fault.description.write(to: text, atMost: size) }
      return 0
    }
  }

  /// Interceptors are added to the client, once it is there (rdkafka.h, "Interceptors").
  private func installFetchGate(on conf: OpaquePointer) {
    rd_kafka_conf_interceptor_add_on_new(
      conf, Self.fetchGateName,
      { client, _, opaque, _, _ in
        rd_kafka_interceptor_add_on_response_received(
          client, ClientContext.fetchGateName,
          { _, _, _, _, request, _, _, bytes, _, _, opaque in
            if request == ClientContext.fetchRequest, let opaque {
              ClientContext.from(opaque).fetchGate?(bytes)
            }
            return RD_KAFKA_RESP_ERR_NO_ERROR
          }, opaque)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private static let fetchGateName = "fetch-gate"
  /// Kafka's number of the request (https://kafka.apache.org/protocol#protocol_api_keys).
  private static let fetchRequest: Int16 = 1

  private static func from(_ opaque: UnsafeMutableRawPointer) -> ClientContext {
    Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
  }

  /// Runs on any thread, librdkafka's own included; it must not wait and must not drop a client.
  private func log(
    _ client: OpaquePointer, level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?
  ) {
    guard let text else { return }
    let facility = facility.map { String(cString: $0) } ?? ""
    if facility == "FAIL" {
      let certificate = certificateFault.withLock { fault in fault }
      keep(ConnectionFailure(logLine: String(cString: text), certificate: certificate))
    }
    if facility == "ADDPARTS", let refused = RefusedPartition(logLine: String(cString: text)) {
      refusedPartition.withLock { $0 = refused }
    }
    // What ends a transaction is thrown by its next call as well.
    let isThrown = facility == "TXNERR" || facility == "ADDPARTS"
    let level = isThrown ? .debug : Logger.Level(syslog: level)
    logger.log(
      level: level, "\(String(cString: text))",
      metadata: ["client": "\(String(cString: rd_kafka_name(client)))", "facility": "\(facility)"])
  }

  /// Brokers also close connections that are idle: that says nothing beside another failure.
  private func keep(_ failure: ConnectionFailure?) {
    guard let failure else { return }
    lastFailure.withLock { last in
      if last == nil || failure.isTelling || last?.isTelling == false { last = failure }
    }
  }
}

extension Logger.Level {
  /// The level for one of syslog(3), which librdkafka uses: 0–2 critical, then error, warning, notice, info, debug.
  init(syslog: Int32) {
    self =
      switch syslog {
      case ...2: .critical
      case 3: .error
      case 4: .warning
      case 5: .notice
      case 6: .info
      default: .debug
      }
  }
}

extension String {
  /// Writes as much as there is room for, and a NUL behind it.
  fileprivate func write(to text: UnsafeMutablePointer<CChar>, atMost size: Int) {
    guard size > 0 else { return }
    let bytes = Array(utf8.prefix(size - 1))
    for index in bytes.indices { text[index] = CChar(bitPattern: bytes[index]) }
    text[bytes.count] = 0
  }
}
