import Testing

@testable import KafkaClient

extension KafkaClientTests {
  @Suite struct Configuration {
    @Test func `an unknown property is named in the error`() {
      let error = thrown { () throws(KafkaError) in
        try KafkaConfiguration(dictionaryLiteral: ("no.such.property", "1")).validate()
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.description.contains("no.such.property") == true)
    }

    @Test func `a value that is not valid is named with the reason`() {
      let configuration: KafkaConfiguration = ["session.timeout.ms": "soon"]
      let error = thrown { () throws(KafkaError) in try configuration.validate() }
      #expect(error?.operation == "set the property \"session.timeout.ms\"")
      #expect(error?.detail.contains("session.timeout.ms") == true)
    }

    @Test(arguments: [
      ("session.timeout.ms", "30s"), ("session.timeout.ms", "60_000"), ("session.timeout.ms", "1,000"),
      ("session.timeout.ms", "060000"), ("session.timeout.ms", "0x10"), ("session.timeout.ms", "+6000"),
      ("session.timeout.ms", " 6000"), ("session.timeout.ms", "6000 "), ("session.timeout.ms", ""),
      ("session.timeout.ms", "6e3"), ("session.timeout.ms", "6000.5"), ("session.timeout.ms", "٦٠٠٠"),
      ("message.max.bytes", "1MB"), ("max.in.flight", "05"), ("retries", "-"), ("acks", "All of them"),
      ("linger.ms", "5ms"), ("linger.ms", "0,5"), ("linger.ms", ".5"), ("linger.ms", "5."),
      ("linger.ms", "1e2"),
      ("statistics.interval.ms", "1 000"), ("delivery.timeout.ms", "2m"), ("log_level", "six"),
    ])
    func `a number that is no plain decimal is refused, and the property named`(name: String, value: String) {
      let error = thrown { () throws(KafkaError) in
        try KafkaConfiguration(dictionaryLiteral: (name, value)).validate()
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.description.contains("\"\(name)\"") == true)
      #expect(error?.detail.contains("plain decimal") == true, "\(error.map { "\($0)" } ?? "accepted")")
    }

    @Test(arguments: [
      ("session.timeout.ms", "30000"), ("acks", "all"), ("acks", "-1"), ("request.required.acks", "1"),
      ("linger.ms", "0.5"), ("linger.ms", "5"), ("statistics.interval.ms", "0"), ("client.id", "060000"),
      ("compression.type", "lz4"), ("sasl.kerberos.min.time.before.relogin", "0"),
    ])
    func `plain decimals and what is no number are taken`(name: String, value: String) throws {
      try KafkaConfiguration(dictionaryLiteral: (name, value)).validate()
    }

    @Test(arguments: ["client.id", "group.id", "group.instance.id", "transactional.id", "client.rack"])
    func `a text that cannot be sent is refused, and the property named`(name: String) throws {
      func validate(_ count: Int) throws(KafkaError) {
        try KafkaConfiguration(dictionaryLiteral: (name, String(repeating: "é", count: count))).validate()
      }
      try validate(16_383)
      let error = thrown { () throws(KafkaError) in try validate(16_384) }
      #expect(error?.property == name)
      #expect(error?.detail.contains("has 32768 bytes") == true)
    }

    @Test func `every number that librdkafka lists is known as one, and its range is told`() {
      let numbers = KafkaProperties.entries.filter { $0.value.kind != .other }
      #expect(numbers.count > 55, "\(numbers.count)")
      for (name, _) in numbers {
        let fault = KafkaProperties.numberFault(name, "7x")
        #expect(fault?.contains(" .. ") == true, "\(name): \(fault ?? "none")")
      }
      #expect(KafkaProperties.canonicalName("max.in.flight") == "max.in.flight.requests.per.connection")
    }

    @Test(arguments: [
      "kafka://localhost:9092", "http://localhost:9092", "localhost:abc", "localhost:", "localhost:0",
      "localhost:70000", "localhost:9092/topic", "a:1,kafka://b:2", "ssl://localhost:9093", "", ",",
      "localhost:+1",
      "://x:1",
    ])
    func `a server that is none is refused before anybody waits for it`(servers: String) {
      let error = thrown { () throws(KafkaError) in
        _ = try KafkaAdmin(configuration: ["bootstrap.servers": servers], logger: quiet)
      }
      #expect(error?.code == .invalidArgument, "\(error.map { "\($0)" } ?? "accepted")")
      #expect(error?.operation.contains("bootstrap.servers") == true)
    }

    @Test(arguments: ["localhost", "localhost:9092", "a:1, b:2,", "[::1]:9092", "::1", "PLAINTEXT://h:1"])
    func `servers as librdkafka takes them are taken`(servers: String) throws {
      try KafkaConfiguration(dictionaryLiteral: ("bootstrap.servers", servers)).validate()
    }

    @Test(arguments: ["sasl.password", "sasl.username"])
    func `a password without a mechanism is refused with the mechanisms that take one`(name: String) throws {
      var configuration: KafkaConfiguration = ["security.protocol": "SASL_SSL"]
      configuration[name] = "hunter2"
      let error = thrown { () throws(KafkaError) in
        _ = try KafkaAdmin(configuration: configuration, logger: quiet)
      }
      #expect(error?.detail.contains("sasl.mechanism") == true && error?.detail.contains("SCRAM") == true)
      #expect(error?.description.contains("hunter2") == false)
      for mechanism in ["sasl.mechanism", "sasl.mechanisms"] {
        try configuration.merging(KafkaConfiguration(dictionaryLiteral: (mechanism, "PLAIN"))).validate()
      }
    }

    @Test func `a mechanism that has no token to show is refused`() throws {
      var configuration: KafkaConfiguration = [
        "security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER",
      ]
      let error = thrown { () throws(KafkaError) in try configuration.validate() }
      #expect(error?.detail.contains("sasl.oauthbearer.method=oidc") == true)
      // OIDC itself is not in every build of librdkafka.
      configuration["enable.sasl.oauthbearer.unsecure.jwt"] = "true"
      try configuration.validate()
    }

    @Test func `a combination that is not valid is refused when the client is made`() {
      let configuration: KafkaConfiguration = ["transactional.id": "a", "enable.idempotence": "false"]
      let error = thrown { () throws(KafkaError) in
        _ = try TransactionalProducer(configuration: configuration, logger: quiet)
      }
      #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: [
      "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "ssl.certificate.pem",
      "sasl.oauthbearer.client.secret", "sasl.jaas.config", "sasl.oauthbearer.config",
    ])
    func `a secret appears neither in descriptions nor in errors`(name: String) {
      var configuration: KafkaConfiguration = ["bootstrap.servers": "localhost:1"]
      configuration[name] = "hunter2"
      var dumped = ""
      dump(configuration, to: &dumped)
      let error = thrown { () throws(KafkaError) in try configuration.validate() }
      let all = "\(configuration) \(String(reflecting: configuration)) \(configuration.properties) \(dumped)"
      #expect(!(all + "\(error.map { "\($0)" } ?? "")").contains("hunter2"))
      #expect("\(configuration)".contains("bootstrap.servers=localhost:1 \(name)=[redacted]"))
    }

    @Test func `a merged configuration keeps the order and takes the other's values`() {
      let base: KafkaConfiguration = ["client.id": "a", "linger.ms": "1"]
      let merged = base.merging(["linger.ms": "2", "acks": "all"])
      #expect(merged.properties.map(\.name) == ["client.id", "linger.ms", "acks"])
      #expect(merged["linger.ms"] == "2")
      var removed = merged
      removed["client.id"] = nil
      #expect(removed["client.id"] == nil)
      #expect(removed.properties.count == 2)
    }
  }

  @Suite struct Errors {
    @Test func `a message says what was expected, what happened, and where`() {
      let error = KafkaError(
        code: .timedOut, operation: "seek in a partition", detail: "no answer came", topic: "t", partition: 3,
        offset: 7)
      #expect(
        error.description
          == "Expected to seek in a partition, but no answer came (_TIMED_OUT, at topic t partition 3 offset 7)"
      )
    }

    @Test func `the flags and the code together give the severity`() {
      func severity(
        _ code: KafkaError.Code, retriable: Bool = false, fatal: Bool = false, abort: Bool = false
      ) -> KafkaError.Severity {
        KafkaError(
          code: code, operation: "", detail: "", isRetriable: retriable, isFatal: fatal, requiresAbort: abort
        ).severity
      }
      #expect(severity(.fenced, fatal: true) == .fenced)
      #expect(severity(.producerFenced, fatal: true) == .fenced)
      #expect(severity(.invalidProducerEpoch, fatal: true) == .fenced)
      #expect(severity(.fencedInstanceID, abort: true) == .abortable)
      #expect(severity(.invalidProducerEpoch, abort: true) == .abortable)
      #expect(severity(.illegalGeneration, abort: true) == .abortable)
      #expect(severity(.timedOut, retriable: true) == .retriable)
      #expect(severity(.invalidTransactionTimeout, fatal: true) == .fatal)
      #expect(severity(.state) == .failed)
    }
  }
}
