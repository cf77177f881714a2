import TestBroker
import Testing

@testable import KafkaClient

extension KafkaClientTests {
  /// Connections that fail: the call's error says why, and what to do.
  @Suite struct ConnectionFailures {
    struct Case: Sendable, CustomStringConvertible {
      let name: String
      let script: ScriptedPeer.Script?
      let properties: KafkaConfiguration
      let cause: ConnectionFailure.Cause
      let words: [String]
      var description: String { name }

      init(
        _ name: String, _ script: ScriptedPeer.Script?, _ properties: KafkaConfiguration = [:],
        _ cause: ConnectionFailure.Cause, _ words: String...
      ) {
        self.name = name
        self.script = script
        self.properties = properties
        self.cause = cause
        self.words = words
      }
    }

    static let password: KafkaConfiguration = [
      "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u",
      "sasl.password": "hunter2",
    ]

    static let cases = [
      Case("an unknown authority", .tls, ["security.protocol": "ssl"], .certificate, "ssl.ca.location"),
      Case("plain text to TLS", .tls, [:], .securedListener, "security.protocol"),
      Case(
        "TLS to plain text", .closing, ["security.protocol": "ssl"], .plaintextListener, "security.protocol"),
      Case(
        "TLS to a web server", .web, ["security.protocol": "ssl"], .plaintextListener, "security.protocol"),
      Case(
        "a wrong password", .refusingPassword, password, .credentials, "sasl.password", "Invalid username"),
      Case("another mechanism", .otherMechanism, password, .mechanism, "sasl.mechanism", "SCRAM-SHA-512"),
      Case("a refused port", nil, [:], .refused, "bootstrap.servers"),
      Case(
        "an unknown host", nil, ["bootstrap.servers": "no-such-host.invalid:9092"], .unknownHost, "resolved"),
      Case("a port that closes", .closing, [:], .securedListener, "check the port"),
    ]

    @Test(arguments: cases)
    func `a failed connection is told with its cause, its address and its cure`(_ one: Case) throws {
      let peer = try one.script.map { try ScriptedPeer($0) }
      let servers = try peer?.bootstrap ?? "localhost:\(FreePort.find())"
      let configuration: KafkaConfiguration = ["bootstrap.servers": servers]
      let admin = try KafkaAdmin(configuration: configuration.merging(one.properties), logger: quiet)
      let error = thrown { () throws(KafkaError) in _ = try admin.metadata(timeout: .seconds(3)) }
      let failure = try #require(error?.connection, "\(error.map { "\($0)" } ?? "no error")")
      #expect(failure.cause == one.cause, "\(failure)")
      #expect(failure.address == one.properties["bootstrap.servers"] ?? servers)
      let told = "\(error.map { "\($0)" } ?? "") \(error?.cure ?? "")"
      for word in one.words { #expect(told.contains(word), "\(told)") }
      #expect(!told.contains("hunter2"))
    }

    @Test(arguments: [(ScriptedPeer.Script.expiredTLS, "has expired"), (.futureTLS, "is not valid yet")])
    func `a certificate of a known authority that is out of its time is told as that`(
      script: ScriptedPeer.Script, told: String
    ) throws {
      let peer = try ScriptedPeer(script)
      let admin = try KafkaAdmin(
        configuration: [
          "bootstrap.servers": peer.bootstrap, "security.protocol": "ssl",
          "ssl.ca.location": peer.certificate,
        ], logger: quiet)
      let error = thrown { () throws(KafkaError) in _ = try admin.metadata(timeout: .seconds(3)) }
      let failure = try #require(error?.connection)
      #expect(failure.cause == .expiredCertificate && failure.reason.contains(told), "\(failure)")
      let cure = try #require(error?.cure)
      #expect(cure.contains("renewed") && cure.contains("clock"), "\(cure)")
      // Nobody needs another authority for it.
      #expect(!"\(failure)".contains("verify that ssl.ca.location"), "\(failure)")
    }

    @Test func `a certificate of a known authority for another host cannot be verified either`() throws {
      let peer = try ScriptedPeer(.tls)
      let admin = try KafkaAdmin(
        configuration: [
          "bootstrap.servers": "127.0.0.1:\(peer.port)", "security.protocol": "ssl",
          "ssl.ca.location": peer.certificate,
        ], logger: quiet)
      let error = thrown { () throws(KafkaError) in _ = try admin.metadata(timeout: .seconds(3)) }
      #expect(error?.connection?.cause == .certificate, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func `with its authority the same peer's certificate is taken`() throws {
      let peer = try ScriptedPeer(.tls)
      let admin = try KafkaAdmin(
        configuration: [
          "bootstrap.servers": peer.bootstrap, "security.protocol": "ssl",
          "ssl.ca.location": peer.certificate,
        ], logger: quiet)
      #expect(try admin.metadata(timeout: .seconds(10)).brokers.map(\.host) == ["broker.invalid"])
    }

    @Test func `an advertised address that nobody knows is told as the cluster's own`() throws {
      let peer = try ScriptedPeer(.advertisingNowhere)
      let admin = try KafkaAdmin(configuration: ["bootstrap.servers": peer.bootstrap], logger: quiet)
      #expect(try admin.metadata(timeout: .seconds(10)).brokers.map(\.host) == ["broker.invalid"])
      let error = thrown { () throws(KafkaError) in
        _ = try admin.createTopics([NewTopic(name: "t", partitions: 1)], timeout: .seconds(3))
      }
      let failure = try #require(error?.connection)
      #expect(
        failure.cause == .unknownHost && failure.broker == 7 && failure.address == "broker.invalid:9092")
      #expect(error?.cure?.contains("advertised.listeners") == true)
    }

    @Test func `a producer's and a consumer's calls tell it as well`() throws {
      let peer = try ScriptedPeer(.refusingPassword)
      let configuration = Self.password.merging(["bootstrap.servers": peer.bootstrap])
      let producer = try TransactionalProducer(
        configuration: configuration.merging(["transactional.id": "t"]), logger: quiet)
      let consumer = try KafkaConsumer(configuration: configuration.merging(["group.id": "g"]), logger: quiet)
      let wait = Duration.seconds(2)
      let partition = TopicPartition(topic: "t", partition: 0)
      let calls: [() throws -> Void] = [
        { try producer.initTransactions(timeout: wait) },
        { _ = try consumer.metadata(topic: "t", timeout: wait) },
        { _ = try consumer.committed([partition], timeout: wait) },
        { _ = try consumer.watermarks(topic: "t", partition: 0, timeout: wait) },
      ]
      for call in calls {
        let error = #expect(throws: KafkaError.self) { try call() }
        #expect(error?.connection?.cause == .credentials)
      }
    }

    @Test(arguments: [
      (
        "[thrd:GroupCoordinator]: GroupCoordinator: kafka.internal:9092: Failed to resolve 'kafka.internal:9092': Name or service not known "
          + "(after 1ms in state CONNECT)", "kafka.internal:9092", ConnectionFailure.Cause.unknownHost
      ),
      (
        "[thrd:[::1]:9092/bootstrap]: [::1]:9092/bootstrap: Connect to ipv6#[::1]:9092 failed: Connection refused",
        "[::1]:9092", .refused
      ),
      ("[::1]:9092/bootstrap: Connect to ipv6#[::1]:9092 failed: Connection refused", "[::1]:9092", .refused),
      (
        "h:9092/1: SASL authentication error: no (after 3ms in state AUTH_REQ, 1 identical error(s) suppressed)",
        "h:9092", .credentials
      ),
      (
        "ssl://h:9092/1: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading",
        "h:9092",
        .plaintextListener
      ),
      ("sasl_ssl://h:1/3: Disconnected (after 20007ms in state UP)", "h:1", .closed),
      (
        "h:1/bootstrap: Disconnected: verify that security.protocol is correctly configured, broker might require SASL "
          + "authentication (after 5ms in state APIVERSION_QUERY)", "h:1", .securedListener
      ),
      (
        "h:1/bootstrap: Failed to create socket: Too many open files (after 0ms in state CONNECT)", "h:1",
        .exhausted
      ),
      (
        "h:1/2: Connect to ipv4#10.0.0.1:1 failed: Cannot assign requested address (after 0ms in state CONNECT)",
        "h:1",
        .exhausted
      ),
      (
        "h:9092/1: Connection setup timed out in state CONNECT (after 30028ms in state CONNECT)", "h:9092",
        .silent
      ),
      (
        "ssl://h:9093/1: SSL handshake failed: error:0A000415:SSL routines::sslv3 alert certificate expired: SSL alert "
          + "number 45 (after 3ms in state SSL_HANDSHAKE)", "h:9093", .expiredClientCertificate
      ),
      (
        "h:9092/1: 4 request(s) timed out: disconnect (average rtt 1ms) (after 9ms in state UP)", "h:9092",
        .silent
      ),
    ])
    func `a line of librdkafka's log is read`(line: String, address: String, cause: ConnectionFailure.Cause)
      throws
    {
      let failure = try #require(ConnectionFailure(logLine: line))
      #expect(failure.address == address && failure.cause == cause, "\(failure)")
      #expect(!failure.reason.contains("in state UP)") && !failure.cure.isEmpty)
      #expect(!failure.reason.contains("(after"))
    }

    @Test(arguments: ["", "nothing", ": ", ": x", "GroupCoordinator: Disconnected", "/: x", "ssl://: x"])
    func `a line of another kind is no failure of an address`(line: String) {
      #expect(ConnectionFailure(logLine: line).map { !$0.address.isEmpty } ?? true)
    }
  }
}
